"""Tokenizer training, the base stage, stages 1 to 3 and generation."""
