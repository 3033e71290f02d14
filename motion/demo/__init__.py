"""Procedural human motion with captions and exact truth, in the layout of the published datasets."""
