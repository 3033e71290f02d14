"""Claims: what captions, analyses, assessments and instructions say of a movement."""

from prompts.claims.claim import Claim
from prompts.claims.parse import parse_claims

__all__ = ["Claim", "parse_claims"]
