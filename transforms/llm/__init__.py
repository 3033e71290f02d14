"""Language models as annotators: requests, admission, the ledger's use, and what is made of answers."""
