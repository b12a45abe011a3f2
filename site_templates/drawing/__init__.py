"""Drawings: bars, figures, the graph of needs."""
