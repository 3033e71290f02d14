"""Many scripts side by side: what they ask at the same time is answered together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from trainer.generation.likelihood import likelihoods
from trainer.generation.modes import Made, Script
from trainer.generation.requests import Ask, Weigh
from trainer.generation.sampling import Sampler

Request = Ask | Weigh


def converse(
    scripts: Sequence[Script], sampler: Sampler, progress: Callable[[], object] = lambda: None
) -> list[Made]:
    """What each script makes, in their order; equal requests are answered once.

    `progress` is called for each script that is done.
    """
    made: dict[int, Made] = {}
    following: dict[Request, list[int]] = {}

    def go_on(place: int, answer: Any) -> None:
        try:
            request = scripts[place].send(answer)
        except StopIteration as end:
            made[place] = end.value
            progress()
        else:
            following.setdefault(request, []).append(place)

    for place in range(len(scripts)):
        go_on(place, None)
    while following:
        waiting, following = following, {}
        for request, answer in _answers(list(waiting), sampler):
            for place in waiting[request]:
                go_on(place, answer)
    return [made[place] for place in range(len(scripts))]


def _answers(requests: Sequence[Request], sampler: Sampler) -> Iterator[tuple[Request, Any]]:
    asks = [request for request in requests if isinstance(request, Ask)]
    weighs = [request for request in requests if isinstance(request, Weigh)]
    for place, ids in sampler.answers(asks):
        yield asks[place], ids
    for place, likelihood in likelihoods(sampler.model, weighs, sampler.sampling.batch):
        yield weighs[place], likelihood
