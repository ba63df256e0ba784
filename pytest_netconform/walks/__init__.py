"""Walks: steps said on a connection and judged by a model; a column whose answers want more than a line has its own."""
