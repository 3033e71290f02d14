"""Recipes of every stage, as data."""
