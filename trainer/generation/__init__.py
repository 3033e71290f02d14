"""Generation: a trained model's completions for the goals of a corpus, in every mode that is evaluated."""
