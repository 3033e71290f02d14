"""Texts cut where statements begin and end, so that each piece shows what the facts say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from evaluators.verdict import CONTRADICTED, SUPPORTED, UNVERIFIABLE
from pipelines.report.markup import text

_GRAVE = (CONTRADICTED, UNVERIFIABLE, SUPPORTED)  # of several verdicts on the same words the first one counts


@dataclass(frozen=True)
class Span:
    """Characters [start, end) of a text, the number of the statement that they make, and its verdict."""

    start: int
    end: int
    number: int
    verdict: str


@dataclass(frozen=True)
class Piece:
    """Words of a text, their verdict ("" where they state nothing), and the statements that they make."""

    words: str
    verdict: str = ""
    numbers: tuple[int, ...] = ()


def pieces(told: str, spans: Sequence[Span]) -> list[Piece]:
    """A text in pieces; statements whose words overlap share the pieces that they share."""
    inside = [Span(max(0, s.start), min(len(told), s.end), s.number, s.verdict) for s in spans]
    inside = [span for span in inside if span.start < span.end]
    cuts = sorted({0, len(told), *(s.start for s in inside), *(s.end for s in inside)})
    found: list[Piece] = []
    for start, end in pairwise(cuts):
        over = [span for span in inside if span.start <= start and end <= span.end]
        verdicts = {span.verdict for span in over}
        verdict = next((one for one in _GRAVE if one in verdicts), "")
        found.append(Piece(told[start:end], verdict, tuple(span.number for span in over)))
    return found


def marked(told: str, spans: Sequence[Span]) -> str:
    """A text as HTML, its statements marked; the verdict is told to those who do not see the mark."""
    return "".join(
        f'<span class="said {piece.verdict}">{text(piece.words)}<span class="unseen"> '
        f"({piece.verdict})</span></span>"
        if piece.verdict
        else text(piece.words)
        for piece in pieces(told, spans)
    )
