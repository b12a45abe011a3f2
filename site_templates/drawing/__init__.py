"""Drawings of pages: bars, figures, the graph of needs."""
