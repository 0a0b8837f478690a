"""Scores: pure, row-wise, higher is more informative."""
