"""The report of a corpus: a static site for people, that opens from disk and asks no network for anything."""
