"""Embedders of texts and motions: one interface, and the kinds that there are."""
