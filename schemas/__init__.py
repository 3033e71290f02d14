"""Table schemas, their versions, row types and the corpus manifest."""
