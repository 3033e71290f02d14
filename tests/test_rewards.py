"""Rewards: pure functions of what is known of completions, and the panel that finds it out."""

from __future__ import annotations

import doctest
import importlib
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from accelerate import PartialState
from hypothesis import given
from hypothesis import strategies as st
from reward_files import completion, write_embedder
from small_corpus import write_corpus
from small_training import every_goal
from tiny_model import CHAIN, CODES, tiny_motion_tokenizer, tiny_tokenizer

from evaluators.embedders import Text, embed_motions, embed_texts, embedder_of
from evaluators.embedders.base import Clip, Vectors
from evaluators.embedders.builtin import BuiltinEmbedder, load_builtin
from evaluators.embedding_store import fitted
from evaluators.metrics.fact_support import ClaimCounts, claim_counts
from evaluators.metrics.plausibility import measured
from motion.features import joints_from_features
from motion.skeleton import skeleton
from motion.still import still_figure
from prompts.chain import render
from schemas.corpus import open_corpus
from schemas.shards import features_of
from trainer.goals import Goal, GoalMotions
from trainer.rewards import REWARDS
from trainer.rewards.panel import Panel, of_all_processes
from trainer.rewards.rollout import Rollout, Scored
from trainer.rewards.space import Remembered, Space

ROOT = Path(__file__).resolve().parents[1]
numbers = st.floats(0, 100, allow_subnormal=False)
cosines = st.floats(-1, 1, allow_subnormal=False)
chains = st.lists(cosines, max_size=5).map(tuple)


@pytest.mark.parametrize("name", ["measured", "panel", "process", "published", "rollout"])
def test_examples_in_docstrings_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"trainer.rewards.{name}"))
    assert found.attempted
    assert not found.failed


def test_every_reward_tells_what_it_gives() -> None:
    assert all(">>>" in (reward.__doc__ or "") for reward in REWARDS.values())
    assert all(reward.__name__ == name for name, reward in REWARDS.items())


def test_names_of_rewards_need_nothing_heavy() -> None:
    code = "import trainer.recipe, sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not set(done.stdout.split()) & {"torch", "transformers", "trl", "scipy", "pyarrow"}


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=9))
def test_distances_are_scaled_to_the_batch(pairs: list[tuple[float, float]]) -> None:
    rollout = Rollout.of(Scored(text_distance=one, motion_distance=other) for one, other in pairs)
    for name, distances in zip(("text", "motion"), zip(*pairs, strict=True), strict=True):
        found = REWARDS[name](rollout)
        if min(distances) == max(distances):
            assert found == [0.0] * len(pairs)
        else:
            assert (min(found), max(found)) == (0.0, 1.0)
            assert all(
                (one <= other) == (gone >= other_gone) or one == pytest.approx(other)
                for one, gone in zip(distances, found, strict=True)
                for other, other_gone in zip(distances, found, strict=True)
            )


@given(st.lists(chains, min_size=1, max_size=5), cosines)
def test_process_rewards_are_bounded_and_agree(rounds: list[tuple[float, ...]], still: float) -> None:
    rollout = Rollout.of(Scored(similarities=one, still=still) for one in rounds)
    found = {name: REWARDS[name](rollout) for name in REWARDS if "round" in name}
    steady, single = REWARDS["not_worse"](rollout), REWARDS["single_refinement"](rollout)
    for place, one in enumerate(rounds):
        best, mean, first, last = (
            found[f"{name}_round"][place] for name in ("best", "mean", "first", "last")
        )
        assert best + 1e-9 >= max(mean, first, last) >= -1
        if not one:
            assert best == mean == first == last == still
            assert not steady[place]
        if len(one) < 2:
            assert not single[place]
        if steady[place]:
            assert last >= best - 0.01
        assert steady[place] == float(
            bool(one) and all(later >= before - 0.01 for n, later in enumerate(one) for before in one[:n])
        )


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_facts_weigh_support_against_contradiction(supported: int, contradicted: int, silent: int) -> None:
    checkable = supported + contradicted + silent
    counts = ClaimCounts(supported, contradicted, silent + 1, checkable)  # one that nothing could bear out
    (found,) = REWARDS["facts"](Rollout.of([Scored(claims=counts)]))
    assert 0 <= found <= 1
    assert (found > 0.5, found < 0.5) == (supported > contradicted, supported < contradicted)


class Counted(BuiltinEmbedder):
    """An embedder that counts its batches of motions."""

    batches = 0

    def encode_motions(self, clips: Sequence[Clip]) -> Vectors:
        self.batches += 1
        return super().encode_motions(clips)


class Place:
    """A corpus with a panel of every reward."""

    def __init__(self, root: Path) -> None:
        self.corpus, _ = write_corpus(root / "corpus")
        self.folder = write_embedder(root / "embedder")
        self.tokenizer = tiny_tokenizer()
        self.motions = tiny_motion_tokenizer()
        self.goals = every_goal(self.corpus)
        self.asked = {goal.goal_id: goal for goal in self.goals}
        self.space = Space(embedder_of(str(self.folder), "t2m"), GoalMotions(self.corpus))
        self.panel = Panel(list(REWARDS), self.tokenizer, self.motions, self.space, self.asked)

    def ids(self, *parts: str | Sequence[int]) -> list[int]:
        return completion(self.tokenizer, *parts)

    def rollout(self, *completions: list[int], goal: int = 0) -> Rollout:
        return self.panel.rollout(completions, [self.goals[goal].goal_id] * len(completions))

    def vector(self, clip: Clip) -> Any:
        return embed_motions(self.space.embedder, [fitted(clip, 4, 196)])[0]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("rewards"))


def test_completions_without_a_usable_motion_score_as_a_still_figure(place: Place) -> None:
    end = place.tokenizer.eos_token_id
    useless = [
        [],
        [end],
        place.ids("nothing moves"),
        place.ids((1, CODES)),  # a code that the motion tokenizer has not
        place.ids((1, 2))[:-1],  # no end
        place.ids(()),
        place.ids("<think>")[::-1] * 300,
        list(range(len(place.tokenizer)))[:400],
    ]
    rollout = place.rollout(*useless)
    goal = place.goals[0]
    still = place.vector(still_figure(skeleton("t2m")))
    caption = embed_texts(place.space.embedder, [Text(goal.caption)])[0]
    own = place.vector(truth(place, goal))
    for one in rollout.scored:
        assert one.similarities == ()
        assert one.claims is None
        assert one.text_distance == pytest.approx(np.linalg.norm(still - caption))
        assert one.motion_distance == pytest.approx(np.linalg.norm(still - own))
        assert one.still == pytest.approx(still @ own, abs=1e-5)
    for name, reward in REWARDS.items():
        values = reward(rollout)
        assert len(values) == len(useless)
        assert values == [pytest.approx(rollout.scored[0].still if name.endswith("_round") else 0.0)] * len(
            values
        )


def truth(place: Place, goal: Goal) -> Clip:
    table = place.corpus.read("motions", goal.shard)
    row = table.column("motion_id").to_pylist().index(goal.motion.id)
    return features_of(table, row)[goal.motion.start : goal.motion.end]


def test_rounds_are_measured_against_the_goals_own_motion(place: Place) -> None:
    codes = [(1, 2, 3), (4, 5), (6,) * 7]
    segment = next(n for n, goal in enumerate(place.goals) if goal.motion.start)
    goal = place.goals[segment]
    (one,) = place.rollout(place.ids("a", codes[0], "b", codes[1], "c", codes[2]), goal=segment).scored
    own = place.vector(truth(place, goal))
    made = [place.vector(clip) for clip in place.motions.decode(codes)]
    assert one.similarities == pytest.approx([vector @ own for vector in made], abs=1e-5)
    assert one.motion_distance == pytest.approx(np.linalg.norm(made[-1] - own))
    body = skeleton("t2m")
    (facts,) = measured([joints_from_features(place.motions.decode(codes[-1:])[0], body)], body)
    assert one.claims == claim_counts(goal.caption, None if isinstance(facts, str) else facts)


def test_strict_chains_are_known_by_their_text(place: Place) -> None:
    text = render(CHAIN)
    parts: list[str | Sequence[int]] = []
    for number, turn in enumerate(CHAIN.rounds):
        motion = "<Motion>" + "".join(f"<Motion_{code}>" for code in turn.tokens) + "</Motion>"
        before, text = text.split(motion)
        parts += [before, turn.tokens]
        assert number < 2
    strict, loose = place.ids(*parts, text), place.ids(*parts)
    assert REWARDS["strict_format"](place.rollout(strict, loose)) == [1.0, 0.0]


@pytest.mark.parametrize("codes", [(3,), (7,) * 900])
def test_very_short_and_very_long_motions_are_fitted(place: Place, codes: tuple[int, ...]) -> None:
    rollout = place.rollout(place.ids(codes), place.ids((1, 2, 3, 4, 5)))
    assert len(rollout.scored[0].similarities) == 1
    assert all(np.isfinite(reward(rollout)).all() for reward in REWARDS.values())


def test_a_rollout_is_measured_once_for_all_rewards(place: Place) -> None:
    found = load_builtin(place.folder)
    counted = Counted.__new__(Counted)
    counted.__dict__.update(found.__dict__)
    panel = Panel(
        list(REWARDS), place.tokenizer, place.motions, Space(counted, GoalMotions(place.corpus)), place.asked
    )
    logged: dict[str, float] = {}

    def log(name: str, value: float) -> None:
        assert name not in logged
        logged[name] = value

    ids = [place.ids((1, 2), "and", (3, 4)), place.ids("no")]
    names = [place.goals[0].goal_id, place.goals[1].goal_id]
    values = {
        function.__name__: function(completion_ids=ids, goal_id=names, prompts=[], log_metric=log)
        for function in panel.functions()
    }
    assert list(values) == list(REWARDS)
    assert counted.batches == 3  # generated ones, the still figure, the goals'
    assert logged["completions/rounds"] == 1
    assert logged["completions/with_motion"] == 0.5
    assert logged["completions/best_round_gain"] >= 0
    for function in panel.functions():
        function(completion_ids=list(ids), goal_id=names)  # another rollout
        assert counted.batches == 4  # goals and still figure are remembered
        break


def test_what_is_remembered_is_bounded() -> None:
    held: Remembered[int] = Remembered(3)
    made: list[int] = []

    def make(keys: list[int]) -> Vectors:
        made.extend(keys)
        return np.array([[float(key)] for key in keys])

    assert held.vectors([1, 2, 1], make).tolist() == [[1.0], [2.0], [1.0]]
    assert held.vectors([5, 4, 3, 2, 1], make).ravel().tolist() == [5, 4, 3, 2, 1]  # more than it keeps
    assert len(held) == 3
    assert made == [1, 2, 5, 4, 3]


def test_a_motion_tokenizer_with_damaged_weights_is_named(place: Place) -> None:
    broken = tiny_motion_tokenizer()
    for weight in broken._network.parameters():
        weight.fill_(float("nan"))
    panel = Panel(["text"], place.tokenizer, broken, place.space, place.asked)
    with pytest.raises(ValueError, match=f"motion tokenizer {broken.fingerprint}: makes NaN"):
        panel.rollout([place.ids((1, 2))], [place.goals[0].goal_id])


def test_a_goal_whose_motion_is_not_there_is_named(place: Place, tmp_path: Path) -> None:
    shutil.copytree(place.corpus.root, tmp_path / "corpus")
    corpus, _ = open_corpus(tmp_path / "corpus")
    goal = place.goals[0]
    lost = replace(goal, motion=replace(goal.motion, id="gone"))
    with pytest.raises(ValueError, match="lacks the motion 'gone' of a goal"):
        GoalMotions(corpus).features([lost])
    with pytest.raises(ValueError, match=r"has no frames 0 to 999"):
        GoalMotions(corpus).features([replace(goal, motion=replace(goal.motion, end=999))])


def scale_far(rank: int, port: int, found: Any) -> None:
    """One of two processes, each with distances of its own."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    PartialState._reset_state()
    PartialState(cpu=True)
    rollout = Rollout.of(Scored(text_distance=one) for one in ([1.0, 2.0], [3.0, 5.0])[rank])
    found.put((rank, REWARDS["text"](of_all_processes(rollout))))


def test_distances_are_scaled_over_all_processes() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    fork = multiprocessing.get_context("fork")  # everything is imported already
    found = fork.SimpleQueue()
    both = [fork.Process(target=scale_far, args=(rank, port, found)) for rank in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert sorted(found.get() for _ in both) == [(0, [1.0, 0.75]), (1, [0.5, 0.0])]
