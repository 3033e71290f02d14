"""Beam transforms: thin, each over pure functions that are tested without Beam."""
