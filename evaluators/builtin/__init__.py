"""The built-in embedder: its inputs, its model, its training and what it is sensitive to."""
