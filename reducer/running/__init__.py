"""Running tasks: engines, workers, stopping, estimates."""
