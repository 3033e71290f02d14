"""A model as a judge: do its verdicts tell motions that match their text from motions that do not?

AUC is the chance that a matching pair is scored higher than one that does not match, ties count half: the
statistic of Mann and Whitney over the number of pairs (Hanley and McNeil 1982). Intervals are percentiles
of a bootstrap (Efron 1979) over goals, since what is judged for one goal is not independent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluators.metrics.values import finite
from motion.seeds import generator

DRAWS = 1000

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Auc:
    """AUC (0..1) with its 95% interval; None where there is but one goal, or no draw held both classes."""

    value: float
    low: float | None
    high: float | None
    matching: int  # judgements of each class
    other: int


@dataclass(frozen=True)
class Judging:
    """AUC of all judgements, and of each group."""

    overall: Auc
    groups: dict[str, Auc]


@dataclass(frozen=True)
class Paired:
    """Share (0..1) of pairs of one goal in which the matching motion is scored higher, ties half."""

    value: float
    low: float | None  # 95% interval; None for one goal
    high: float | None
    pairs: int
    goals: int  # that have a pair
    unpaired: int  # goals with motions of one class only


def auc(scores: ArrayLike, truths: ArrayLike) -> float:
    """AUC of scores (N,) against truths (N,), True or 1 for a matching pair.

    ValueError names the score that is NaN or infinite, the truth that is neither 0 nor 1, the class that
    is missing.
    """
    found, true = _judgements(scores, truths)
    return _auc(found, true, "the judgements")


def judging(
    scores: ArrayLike,
    truths: ArrayLike,
    groups: Sequence[str] | None = None,
    goals: Sequence[str] | None = None,
    draws: int = DRAWS,
) -> Judging:
    """AUC of scores (N,) against truths (N,), over all and by group, with 95% intervals.

    `groups` (N,) names what a judgement belongs to, such as the operation that altered the motion; ""
    belongs to every group, as an unaltered motion does: where `goals` (N,) are given, to those in which its
    goal has other judgements, so that goals of other groups do not count. The bootstrap draws goals; without
    them, judgements. ValueError as `auc`; it names the group that lacks a class.
    """
    found, true = _judgements(scores, truths)
    units = _units(found, true, goals)
    result = {}
    if groups is not None:
        names = _named(groups, len(found), "groups")
        for name in sorted(set(names) - {""}):
            mine = np.array([each == name for each in names])
            shared = np.array([each == "" for each in names])
            mask = mine | (shared & np.isin(units, units[mine]) if goals is not None else shared)
            result[name] = _bounded(found[mask], true[mask], units[mask], f"group {name!r}", draws)
    return Judging(_bounded(found, true, units, "the judgements", draws), result)


def paired_accuracy(scores: ArrayLike, truths: ArrayLike, goals: Sequence[str], draws: int = DRAWS) -> Paired:
    """Share of all pairs (matching, other) of one goal in which the matching motion is scored higher.

    Scores, truths and goals are (N,). ValueError as `auc`, and where no goal has motions of both classes.
    """
    found, true = _judgements(scores, truths)
    _require_both(true, "the judgements")
    numbers = _numbered(_named(goals, len(found), "goals"))
    order = np.argsort(numbers, kind="stable")
    wins, pairs = [], []
    for mine in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
        matching, other = found[mine][true[mine]], found[mine][~true[mine]]
        wins.append(float(_wins(matching, other).sum()))
        pairs.append(len(matching) * len(other))
    won, count = np.array(wins), np.array(pairs)
    if not count.sum():
        raise ValueError("no goal has a matching motion and another one: give both for at least one goal")
    won, count = won[count > 0], count[count > 0]
    drawn = [float(weights @ won / (weights @ count)) for weights in _draws(len(won), draws)]
    low, high = _percentiles(drawn)
    return Paired(float(won.sum() / count.sum()), low, high, int(count.sum()), len(won), len(wins) - len(won))


def _judgements(scores: ArrayLike, truths: ArrayLike) -> tuple[Reals, NDArray[np.bool_]]:
    found, true = finite(scores, "scores"), finite(truths, "truths")
    if len(found) != len(true):
        raise ValueError(f"{len(found)} scores and {len(true)} truths: give one truth for each score")
    wrong = np.flatnonzero((true != 0) & (true != 1))
    if len(wrong):
        raise ValueError(f"truths: value {wrong[0]} is {true[wrong[0]]}; a truth is 0 or 1")
    return found, true == 1


def _named(names: Sequence[str], count: int, what: str) -> list[str]:
    if len(names) != count:
        raise ValueError(f"{count} scores and {len(names)} {what}: give one for each score")
    return [str(name) for name in names]


def _require_both(true: NDArray[np.bool_], where: str) -> None:
    for missing, there in (("matching", true.any()), ("not matching", not true.all())):
        if not there:
            raise ValueError(
                f"{where}: none is {missing} (truth {int(missing == 'matching')}); both are needed"
            )


def _wins(matching: Reals, other: Reals) -> Reals:
    """For each matching score how many others it beats, ties half."""
    other = np.sort(other)
    below, up_to = np.searchsorted(other, matching, "left"), np.searchsorted(other, matching, "right")
    return np.asarray(0.5 * (below + up_to), np.float64)


def _auc(scores: Reals, true: NDArray[np.bool_], where: str) -> float:
    _require_both(true, where)
    wins = _wins(scores[true], scores[~true]).sum()  # halves: exact in any order
    return float(wins / (int(true.sum()) * int((~true).sum())))


def _units(scores: Reals, true: NDArray[np.bool_], goals: Sequence[str] | None) -> Ints:
    """What the bootstrap draws: the number of each judgement's goal, or its own in the order of scores."""
    if goals is not None:
        return _numbered(_named(goals, len(scores), "goals"))
    order = np.lexsort((true, scores))
    units = np.empty(len(scores), np.int64)
    units[order] = np.arange(len(scores))
    return units


def _bounded(scores: Reals, true: NDArray[np.bool_], units: Ints, where: str, draws: int) -> Auc:
    value = _auc(scores, true, where)
    levels, units = _numbered(scores), _numbered(units)
    size = int(levels.max()) + 1
    drawn = []
    for weights in _draws(int(units.max()) + 1, draws):
        weight = weights[units]
        matching = np.bincount(levels[true], weight[true], size)
        other = np.bincount(levels[~true], weight[~true], size)
        pairs = matching.sum() * other.sum()
        if pairs:  # else the draw lacks a class
            drawn.append(float(matching @ (other.cumsum() - 0.5 * other) / pairs))
    low, high = _percentiles(drawn)
    return Auc(value, low, high, int(true.sum()), int((~true).sum()))


def _numbered(values: ArrayLike) -> Ints:
    """The number of each value (N,) among the different ones, ascending."""
    return np.unique(np.asarray(values), return_inverse=True)[1].astype(np.int64).reshape(-1)


def _draws(units: int, draws: int) -> Iterator[Reals]:
    """How often each unit (U,) is drawn, for every draw with replacement; none for fewer than 2 units."""
    if draws < 1:
        raise ValueError(f"draws is {draws}: the bootstrap needs at least one, {DRAWS} is usual")
    if units < 2:
        return
    random = generator("judging bootstrap", units)
    for _ in range(draws):
        yield np.bincount(random.integers(units, size=units), minlength=units).astype(np.float64)


def _percentiles(drawn: Sequence[float]) -> tuple[float, float] | tuple[None, None]:
    if not drawn:
        return None, None
    low, high = np.quantile(np.array(drawn), [0.025, 0.975])
    return float(low), float(high)
