"""A fake endpoint for tests and rehearsals: OpenAI's chat and batch interface, answered without a model."""
