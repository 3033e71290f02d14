"""Metrics of generations: plain functions on plain arrays and strings."""
