"""Claims: what captions, analyses, assessments and instructions say of a movement."""

from __future__ import annotations

import hashlib

from prompts.claims.claim import Claim
from prompts.claims.parse import parse_claims
from prompts.resources import file_bytes

CLAIMS_VERSION = VERSION = 2  # raised when the same text may read as other claims

__all__ = ["CLAIMS_VERSION", "Claim", "claims_digest", "parse_claims"]


def claims_digest() -> str:
    """SHA-256 of the reader of claims: its version and its lexicon file."""
    content = f"claims\0{CLAIMS_VERSION}\0".encode() + file_bytes("claims", "lexicon.yaml")
    return hashlib.sha256(content).hexdigest()
