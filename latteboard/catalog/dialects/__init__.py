"""What differs between databases, a file each: opening, locking, times, bulk loads, snapshots."""
