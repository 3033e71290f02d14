"""What changed between two corpora: settings, counts, distributions, verdicts, rows.

    irmogen diff CORPUS_A CORPUS_B [--html FOLDER_OR_FILE]     # command.py

comparison.py brings it together; manifests.py compares what the manifests say, rows.py the rows by digests,
distributions.py what is counted in them; text.py tells it on the screen, page.py as a page.
"""
