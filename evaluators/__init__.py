"""Checks of annotations and chains; embedders, metrics and the evaluation protocol."""
