"""Scores of a protocol: of the truth, of answers good and bad, over repeats, and goal by goal."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.evaluation import METRICS, R_PRECISION, Scores, Truth, score_answers, score_of, score_truth
from evaluators.metrics.distribution import fid
from evaluators.protocol import EvalGoal, draw_protocol
from motion.seeds import generator

SIZE = 12
GOALS = tuple(
    EvalGoal(f"g-{clip:03d}-{number}", f"{clip:03d}", 0, 60 + clip)
    for clip in range(70)
    for number in range(2)
)
MODES = pytest.mark.parametrize("mode", ["full", "published"])
REPEATS = 4


@cache
def truth_of(mode: str, seed: int = 0) -> Truth:
    """A protocol with captions near their motions, and crops that are a little off their clip."""
    drawn = draw_protocol(
        GOALS, dataset="t2m", skeleton="t2m", split="test", mode=mode, seed=seed, repeats=REPEATS
    )
    clips = {goal.goal_id: generator("clip", goal.motion_id).normal(size=SIZE) for goal in GOALS}
    return Truth(
        drawn,
        {name: clips[name] + 0.3 * generator("caption", name).normal(size=SIZE) for name in drawn.goal_ids},
        {
            entry: clips[entry.goal_id] + 0.05 * generator(entry.start, entry.end).normal(size=SIZE)
            for repeat in drawn.repeats
            for entry in repeat.entries
        },
    )


def own_motions(truth: Truth) -> list[np.ndarray]:
    """For each goal a sample for each repeat: its own motion as that repeat cuts it."""
    cut = [{entry.goal_id: entry for entry in repeat.entries} for repeat in truth.protocol.repeats]
    some = {entry.goal_id: entry for each in cut for entry in each.values()}
    return [
        np.stack([truth.motions[each.get(name, some[name])] for each in cut])
        for name in truth.protocol.goal_ids
    ]


def noisy(truth: Truth, share: float, samples: int = 1, key: str = "") -> list[np.ndarray]:
    """Answers on the way from each goal's own motion (0) to noise (1)."""
    return [
        (1 - share) * own[:samples] + 3 * share * generator("noise", key, name).normal(size=(samples, SIZE))
        for name, own in zip(truth.protocol.goal_ids, own_motions(truth), strict=True)
    ]


def means(scores: Scores) -> dict[str, float]:
    return {name: score.mean for name, score in scores.metrics.items()}


@MODES
def test_the_goals_own_motions_score_what_the_truth_scores(mode: str) -> None:
    """But for the FID where motions are cut: the truth's is that of two ways to cut them."""
    truth = truth_of(mode)
    own, best = score_answers(truth, own_motions(truth)), score_truth(truth)
    for name in set(best.metrics) - {"fid"}:
        assert own.metrics[name] == best.metrics[name], name
    assert own.metrics["fid"].repeats == (0,) * REPEATS
    assert (min(best.metrics["fid"].repeats) > 0) == (mode == "published")
    assert best.metrics["motion_distance"].mean == 0
    np.testing.assert_array_equal(own.goal_hits, best.goal_hits)
    if mode == "full":
        np.testing.assert_array_equal(own.goal_distance, best.goal_distance)
        np.testing.assert_array_equal(own.goal_motion_distance, np.zeros(len(GOALS)))


def test_the_fid_of_the_truth_is_that_of_the_next_cuts() -> None:
    truth = truth_of("published")
    sets = [truth.of_repeat(repeat) for repeat in truth.protocol.repeats]
    expected = [fid(one, other) for one, other in zip(sets, [*sets[1:], sets[0]])]
    assert score_truth(truth).metrics["fid"].repeats == pytest.approx(tuple(expected))


@MODES
def test_worse_answers_score_worse(mode: str) -> None:
    truth = truth_of(mode)
    steps = [means(score_answers(truth, noisy(truth, share))) for share in (0, 0.25, 0.5, 0.75, 1)]
    for name, higher in METRICS.items():
        if higher is not None:
            values = [step[name] for step in steps]
            assert values == sorted(values, reverse=higher), name
            assert values[0] != values[-1], name
    assert steps[-1]["r_precision_1"] < 0.1
    for step in steps:
        assert [step[name] for name in R_PRECISION] == sorted(step[name] for name in R_PRECISION)


@MODES
def test_metrics_are_those_of_a_plain_loop(mode: str) -> None:
    truth = truth_of(mode)
    answers = dict(zip(truth.protocol.goal_ids, noisy(truth, 0.3), strict=True))
    scores = score_answers(truth, list(answers.values()))
    for number, repeat in enumerate(truth.protocol.repeats):
        found = np.stack([answers[entry.goal_id][0] for entry in repeat.entries])
        texts = np.stack([truth.captions[entry.goal_id] for entry in repeat.entries])
        own = np.stack([truth.motions[entry] for entry in repeat.entries])
        places = [
            sorted(pool.rows, key=lambda motion: np.linalg.norm(texts[row] - found[motion])).index(row)
            for pool in repeat.pools
            for row in pool.rows[: pool.counted]
        ]
        expected = {f"r_precision_{k}": np.mean(np.array(places) < k) for k in (1, 2, 3)} | {
            "mm_distance": np.linalg.norm(texts - found, axis=1).mean(),
            "motion_distance": np.linalg.norm(own - found, axis=1).mean(),
            "fid": fid(found, own),
        }
        for name, value in expected.items():
            assert scores.metrics[name].repeats[number] == pytest.approx(value), name


@MODES
def test_each_repeat_takes_the_next_sample(mode: str) -> None:
    truth = truth_of(mode)
    answers = noisy(truth, 0.5, samples=3)
    together = score_answers(truth, answers)
    alone = [score_answers(truth, [samples[s : s + 1] for samples in answers]) for s in range(3)]
    for name in set(alone[0].metrics):
        for number in range(REPEATS):
            expected = alone[number % 3].metrics[name].repeats[number]
            assert together.metrics[name].repeats[number] == pytest.approx(expected), name
    for name in ("goal_distance", "goal_motion_distance"):
        each = [getattr(one, name) for one in alone]
        np.testing.assert_allclose(getattr(together, name), np.mean(each, axis=0))


def test_goals_may_have_different_numbers_of_samples() -> None:
    truth = truth_of("full")
    answers = [samples[: 1 + row % 3] for row, samples in enumerate(noisy(truth, 0.5, samples=3))]
    repeated = [samples[np.arange(REPEATS) % len(samples)] for samples in answers]
    one, other = score_answers(truth, answers), score_answers(truth, repeated)
    for name in set(one.metrics) - {"multimodality"}:
        assert one.metrics[name] == other.metrics[name]


@settings(max_examples=5)
@given(order=st.randoms(), mode=st.sampled_from(["full", "published"]))
def test_the_order_of_reading_does_not_count(order: Any, mode: str) -> None:
    truth = truth_of(mode)
    goals = order.sample(GOALS, len(GOALS))
    protocol = draw_protocol(
        goals, dataset="t2m", skeleton="t2m", split="test", mode=mode, seed=0, repeats=REPEATS
    )
    captions = order.sample(sorted(truth.captions.items()), len(truth.captions))
    motions = order.sample(sorted(truth.motions.items(), key=repr), len(truth.motions))
    shuffled = Truth(protocol, dict(captions), dict(motions))
    answers = noisy(truth, 0.4, samples=2)
    one, other = score_answers(truth, answers), score_answers(shuffled, noisy(shuffled, 0.4, samples=2))
    assert one.metrics == other.metrics
    np.testing.assert_array_equal(one.goal_hits, other.goal_hits)


@settings(max_examples=30)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_intervals_are_those_of_the_papers(values: list[float]) -> None:
    score = score_of(values)
    middle = sum(values) / len(values)
    spread = (sum((value - middle) ** 2 for value in values) / len(values)) ** 0.5
    assert score.mean == pytest.approx(middle, abs=1e-9)
    assert score.interval == pytest.approx(1.96 * spread / len(values) ** 0.5, abs=1e-9)
    assert score.repeats == tuple(values)
    assert score.as_dict() == {"mean": score.mean, "interval": score.interval, "repeats": values}


def test_equal_repeats_have_their_value_to_the_bit() -> None:
    score = score_of([0.1] * 20)
    assert (score.mean, score.interval) == (0.1, 0)


def test_hits_of_goals_add_up_to_r_precision() -> None:
    truth = truth_of("full")
    scores = score_answers(truth, noisy(truth, 0.4))
    assert scores.goal_ids == tuple(goal.goal_id for goal in GOALS)
    assert scores.goal_hits.shape == (len(GOALS), 3)
    np.testing.assert_allclose(scores.goal_hits.mean(axis=0), [means(scores)[name] for name in R_PRECISION])
    assert scores.goal_distance.mean() == pytest.approx(means(scores)["mm_distance"])
    assert scores.goal_motion_distance.mean() == pytest.approx(means(scores)["motion_distance"])
    assert (np.diff(scores.goal_hits, axis=1) >= 0).all()


def test_hits_of_a_goal_are_its_share_of_the_repeats_that_ask_for_it() -> None:
    truth = truth_of("published")
    scores = score_answers(truth, noisy(truth, 0.4))
    assert len(scores.goal_ids) == len(truth.protocol.goal_ids)
    sums, times = np.zeros(3), 0.0
    for row, name in enumerate(scores.goal_ids):
        asked = sum(entry.goal_id == name for each in truth.protocol.repeats for entry in each.entries)
        assert asked >= 1
        np.testing.assert_allclose(scores.goal_hits[row] * asked % 1, 0, atol=1e-9)
        sums, times = sums + scores.goal_hits[row] * asked, times + asked
    np.testing.assert_allclose(sums / times, [means(scores)[name] for name in R_PRECISION])


def test_goals_that_no_pool_counts_have_no_hits() -> None:
    truth = truth_of("full")
    first = truth.protocol.repeats[0]
    alone = replace(first, pools=first.pools[:1])
    cut = Truth(replace(truth.protocol, repeats=(alone,)), truth.captions, truth.motions)
    hits = score_truth(cut).goal_hits
    asked = first.pools[0].rows[: first.pools[0].counted]
    assert set(np.flatnonzero(~np.isnan(hits).any(axis=1))) == set(asked)


def test_multimodality_needs_several_samples() -> None:
    truth = truth_of("full")
    assert "multimodality" not in score_truth(truth).metrics
    assert "multimodality" not in score_answers(truth, noisy(truth, 0.5)).metrics
    same = score_answers(truth, [np.repeat(samples, 3, axis=0) for samples in noisy(truth, 0.5)])
    varied, more = (score_answers(truth, noisy(truth, share, samples=3)) for share in (0.3, 0.9))
    assert same.metrics["multimodality"].mean == 0
    assert 0 < varied.metrics["multimodality"].mean < more.metrics["multimodality"].mean
    assert set(more.metrics) == set(METRICS)


def test_one_goal_with_several_samples_is_enough_for_multimodality() -> None:
    truth = truth_of("full")
    answers = noisy(truth, 0.5)
    answers[5] = np.stack([np.zeros(SIZE), np.ones(SIZE)])
    found = score_answers(truth, answers).metrics["multimodality"].repeats
    assert len(found) == REPEATS
    for value in found:  # both are paired with themselves, or with each other
        assert value == 0 or value == pytest.approx(SIZE**0.5)


def test_all_sets_are_measured_on_the_same_draws() -> None:
    truth = truth_of("full")
    answers = noisy(truth, 0.5, samples=2)
    one, other = (score_answers(truth, [k * samples for samples in answers]) for k in (1, 3))
    for name in ("diversity", "multimodality"):
        assert other.metrics[name].repeats == pytest.approx([3 * v for v in one.metrics[name].repeats])
        assert len(set(one.metrics[name].repeats)) == REPEATS, "each repeat draws anew"


@MODES
def test_scores_repeat_and_depend_on_the_seed(mode: str) -> None:
    truth = truth_of(mode)
    answers = noisy(truth, 0.5, samples=2)
    assert score_answers(truth, answers).metrics == score_answers(truth, answers).metrics
    other = truth_of(mode, seed=1)
    assert score_truth(other).metrics["diversity"] != score_truth(truth).metrics["diversity"]


def test_missing_answers_are_refused() -> None:
    truth = truth_of("full")
    answers = noisy(truth, 0.5)
    with pytest.raises(ValueError, match="140 goals need an answer each, got 139"):
        score_answers(truth, answers[:-1])
    with pytest.raises(ValueError, match="140 goals need an answer each, got 0"):
        score_answers(truth, [])
    with pytest.raises(ValueError, match="goal 'g-001-1' has no answer"):
        score_answers(truth, [*answers[:3], np.empty((0, SIZE)), *answers[4:]])


def test_answers_that_are_no_numbers_are_refused() -> None:
    truth = truth_of("full")
    answers = noisy(truth, 0.5)
    answers[7] = np.full((1, SIZE), np.nan)
    with pytest.raises(ValueError, match="row 0 holds NaN or infinity"):
        score_answers(truth, answers)
