"""Skeletons, features and joints, mirroring, perturbations, measured facts, procedural motion."""
