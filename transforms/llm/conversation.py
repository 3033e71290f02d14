"""One conversation: a request, its answers, and asking again with the faults named, a few times.

An answer speaks of one or several parts (the analyses; one motion, or a goal's motion and its whole
ladder). A part that passed is kept, whatever a later answer makes of it; what failed is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evaluators.answer_checks import Fault
from prompts.requests import again
from transforms.annotators import Written
from transforms.llm.asking import Asker, AskerError, AskError, PendingError, Reply, StoppedError
from transforms.llm.judging import Judged, Question


@dataclass
class Outcome:
    """What a conversation came to: the parts that passed, and the last faults of those that did not."""

    accepted: dict[str, tuple[Written, ...]] = field(default_factory=dict)  # by part
    faults: dict[str, list[Fault]] = field(default_factory=dict)  # by part, of those that are missing
    keys: list[str] = field(
        default_factory=list
    )  # of the requests whose answer or failure a replay has to forget
    answered: bool = True  # False: the last request got no answer


async def converse(
    asker: Asker, question: Question, judge: Callable[[Reply], Mapping[str, Judged]], asks: int
) -> Outcome:
    """Ask until every part has passed, at most `asks` times.

    `judge` gives for every part of an answer what is made of it, or its faults. StoppedError, PendingError
    and OSError are the asker's; AskerError where it broke in another way.
    """
    outcome = Outcome()
    request = question.request
    for _ in range(asks):
        try:
            reply = await asker.ask(request)
        except AskError as error:
            outcome.answered = False
            # The answers before it stay good: a replay finds them in the ledger and comes to this request.
            outcome.keys = [error.key] if error.key else []
            missing = [part for part in question.parts if part not in outcome.accepted]
            outcome.faults = {part: [Fault(error.reason, str(error))] for part in missing}
            break
        except (StoppedError, PendingError, OSError):
            raise
        except Exception as error:
            raise AskerError(f"a request could not be asked ({type(error).__name__}: {error})") from error
        outcome.keys.append(reply.key)
        _take(outcome, judge(reply))
        if not outcome.faults:
            break
        count(asker, next(iter(outcome.faults.values()))[0].code)
        request = again(request, reply.text or reply.refusal, details(outcome.faults))
    return outcome


def _take(outcome: Outcome, judged: Mapping[str, Judged]) -> None:
    for part, found in judged.items():
        if not found.faults:
            outcome.accepted.setdefault(part, found.made)
    outcome.faults = {part: found.faults for part, found in judged.items() if part not in outcome.accepted}


def details(faults: Mapping[str, Sequence[Fault]]) -> list[str]:
    """What the faults of all parts say, each once."""
    return list(dict.fromkeys(fault.detail for found in faults.values() for fault in found))


def count(asker: Asker, fault: str = "", /, **counts: int) -> None:
    """Add to the run's counts as `Counts.add`, where the asker keeps any."""
    counter = getattr(asker, "count", None)
    if counter is not None:
        counter(fault, **counts)
