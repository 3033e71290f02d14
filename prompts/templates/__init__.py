"""Wordings, prompt form and plan sentences as data files; read through prompts.resources."""
