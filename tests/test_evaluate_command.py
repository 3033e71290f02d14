"""The road of an evaluation: stand-ins, the ground truth first, the sets, the files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from commands import irmogen
from evaluated import MOVING, metric, results_of
from small_corpus import write_corpus

from schemas.corpus import Output
from schemas.generation_set import GenerationSet, open_set, write_generation_shard, write_set
from schemas.shards import features_of

KINDS = (*MOVING, "captions", "verdicts")


@pytest.fixture(scope="module")
def evaluation(stand_ins: Path, embedder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("evaluation") / "evaluation"
    sets = [stand_ins / kind for kind in KINDS]
    irmogen("evaluate", *sets, "--embedder", f"builtin:{embedder}", "--output", root)
    return root


Rows = list[dict[str, Any]]


def rewritten(
    source: GenerationSet,
    root: Path,
    shards: int,
    keep: Callable[[str], bool] = lambda goal_id: True,
    spoil: Callable[[Rows, Rows], object] = lambda generations, rounds: None,
) -> Path:
    """The same set in another number of shards, its rows dealt out anew, of some goals only, or spoilt."""
    generations, rounds = [], []
    for one, other in source.tables():
        generations += [row for row in one.to_pylist() if keep(row["goal_id"])]
        light = other.drop_columns(["features"]).to_pylist()
        rounds += [{**row, "features": features_of(other, number)} for number, row in enumerate(light)]
    spoil(generations, rounds)
    outputs: list[Output] = []
    for index in range(shards):
        mine = generations[index::shards][::-1]
        names = {row["generation_id"] for row in mine}
        theirs = [row for row in rounds if row["generation_id"] in names]
        outputs += write_generation_shard(root, index, shards, mine, theirs, 263)
    write_set(root, source.info, outputs)
    return root


def test_the_stand_ins_are_ranked_as_they_must_be(evaluation: Path) -> None:
    results = results_of(evaluation)
    distances = [
        metric(results, "mm_distance", kind) for kind in ("ground-truth", "near", "shuffled", "still")
    ]
    assert distances == sorted(distances)
    assert metric(results, "mm_distance", "near") < metric(results, "mm_distance", "far")
    assert metric(results, "mm_distance", "far") < metric(results, "mm_distance", "still")


def test_the_goals_own_motions_score_as_the_ground_truth(evaluation: Path) -> None:
    embedder = results_of(evaluation)["embedders"][0]
    own, truth = embedder["sets"]["ground-truth"]["metrics"], embedder["ground_truth"]["metrics"]
    assert {name: own[name]["repeats"] for name in truth} == {name: truth[name]["repeats"] for name in truth}
    assert own["fid"]["mean"] == 0
    assert own["motion_distance"]["mean"] == 0
    assert embedder["ground_truth"]["check"]["status"] == "within"


def test_refining_shows_in_the_rounds_and_recovery_after_a_stranger(evaluation: Path) -> None:
    sets = results_of(evaluation)["embedders"][0]["sets"]
    curve = [one["metrics"]["mm_distance"]["mean"] for one in sets["ladder"]["rounds"]]
    assert len(curve) == 5
    assert curve[-1] == min(curve) < curve[0]
    assert sets["ladder"]["round_scores"]["gain"] == pytest.approx(curve[0] - curve[-1])
    robust = sets["robust"]["robust"]
    assert robust["recovery"] == pytest.approx(1)
    assert robust["floor"] == pytest.approx(metric(results_of(evaluation), "mm_distance", "shuffled"))


def test_what_needs_no_embedder_is_there_for_every_set(evaluation: Path) -> None:
    sets = {one["id"]: one for one in results_of(evaluation)["sets"]}
    truth = results_of(evaluation)["ground_truth"]
    assert sets["ground-truth"]["fact_support"] == truth["fact_support"]
    assert sets["still"]["fact_support"]["supported"] < 0.2 < truth["fact_support"]["supported"]
    assert sets["near"]["fact_support"]["contradicted"] > truth["fact_support"]["contradicted"]
    assert sets["ladder"]["format"]["strict"] == 1
    assert sets["near"]["format"] is None
    assert sets["captions"]["captions"]["bleu_1"] > 0.5
    assert sets["verdicts"]["judging"]["overall"]["value"] > 0.6
    assert {"another motion"} < set(sets["verdicts"]["judging"]["groups"])


def test_the_files_say_what_the_results_say(evaluation: Path) -> None:
    results = results_of(evaluation)
    rows = pq.read_table(evaluation / "metrics.parquet").to_pylist()
    found = {(row["set"], row["metric"]): row["mean"] for row in rows}
    assert found["near", "fid"] == metric(results, "fid", "near")
    goals = pq.read_table(evaluation / "goals.parquet").to_pandas()
    assert set(goals["set"]) == set(MOVING)
    near = goals[goals["set"] == "near"]
    assert len(near) == results["goals"]
    assert near["top_3"].mean() == pytest.approx(metric(results, "r_precision_3", "near"))
    assert near["distance"].mean() == pytest.approx(metric(results, "mm_distance", "near"))
    for name in ("table.md", "table.tex"):
        assert f"{metric(results, 'r_precision_3', 'near'):.3f}" in (evaluation / name).read_text()
    assert (evaluation / "index.html").stat().st_size > 10_000


def test_shards_order_batches_and_threads_change_no_digit(
    evaluation: Path, stand_ins: Path, embedder: Path, tmp_path: Path
) -> None:
    sets = [rewritten(open_set(stand_ins / kind), tmp_path / kind, 3) for kind in ("near", "ladder")]
    code = (
        "import sys; import evaluators.embedders.base as base; import evaluators.embedding_store as store; "
        "store.EmbeddingStore.__init__.__defaults__ = (7,); "
        "from pipelines.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["evaluate", *sets, "--embedder", f"builtin:{embedder}", "--output", tmp_path / "other"]
    subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        check=True,
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
    )
    one, other = results_of(evaluation)["embedders"][0], results_of(tmp_path / "other")["embedders"][0]
    for kind in ("near", "ladder"):
        assert one["sets"][kind]["metrics"].keys() == other["sets"][kind]["metrics"].keys()
        for name, score in one["sets"][kind]["metrics"].items():
            assert score["repeats"] == pytest.approx(
                other["sets"][kind]["metrics"][name]["repeats"], abs=1e-12
            )


def test_a_frozen_protocol_asks_the_same_questions(
    evaluation: Path, stand_ins: Path, embedder: Path, tmp_path: Path
) -> None:
    words = ["evaluate", stand_ins / "near", "--embedder", embedder]
    frozen = ["--protocol", evaluation / "protocol.json"]
    irmogen(*words, *frozen, "--output", tmp_path / "frozen")
    assert results_of(tmp_path / "frozen")["protocol"] == results_of(evaluation)["protocol"]
    assert metric(results_of(tmp_path / "frozen"), "fid", "near") == metric(
        results_of(evaluation), "fid", "near"
    )
    irmogen(*words, "--seed", 5, "--output", tmp_path / "drawn")
    both = irmogen(*words, *frozen, "--seed", 5, "--output", tmp_path / "both", check=False)
    assert both.returncode == 2
    assert "has its own mode and seed" in both.stderr
    assert results_of(tmp_path / "drawn")["protocol"] != results_of(evaluation)["protocol"]
    assert results_of(tmp_path / "drawn")["embedders"][0]["ground_truth"]["check"]["status"] == "within"


def test_the_ground_truth_is_proved_before_any_set_is_scored(
    stand_ins: Path, embedder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "embedder"
    shutil.copytree(embedder, copy)
    notes = json.loads((copy / "embedder.json").read_text())
    for record in notes["ground_truth"]:
        record["metrics"]["r_precision_3"] += 0.01
    (copy / "embedder.json").write_text(json.dumps(notes))
    words = ["evaluate", stand_ins / "near", "--embedder", copy, "--output", tmp_path / "out"]
    refused = irmogen(*words, check=False)
    assert refused.returncode == 3
    assert "outside" in refused.stdout
    assert "OUTSIDE" in refused.stdout
    assert "--accept-ground-truth" in refused.stderr
    assert not (tmp_path / "out" / "results.json").exists()
    irmogen(*words, "--accept-ground-truth")
    assert results_of(tmp_path / "out")["embedders"][0]["ground_truth"]["check"]["status"] == "outside"
    notes["ground_truth"] = []
    (copy / "embedder.json").write_text(json.dumps(notes))
    unknown = irmogen(*words, check=False)
    assert unknown.returncode == 3
    assert "nothing is recorded" in unknown.stdout
    assert "mm_distance" in unknown.stdout


def test_a_set_that_lacks_goals_is_refused_or_scored_in_part(
    stand_ins: Path, embedder: Path, tmp_path: Path
) -> None:
    whole = open_set(stand_ins / "near")
    names = sorted(row for table, _ in whole.tables() for row in table.column("goal_id").to_pylist())
    some = rewritten(whole, tmp_path / "some", 1, lambda goal_id: goal_id not in names[:3])
    words = ["evaluate", some, stand_ins / "far", "--embedder", embedder, "--output", tmp_path / "out"]
    refused = irmogen(*words, check=False)
    assert refused.returncode == 2
    assert f"no generation for 3 of {len(names)} goals ({names[0]}" in refused.stderr
    said = irmogen(*words, "--partial").stdout
    results = results_of(tmp_path / "out")
    assert results["partial"] == {"goals": len(names) - 3, "of": len(names)}
    assert "partial" in said.lower()
    assert results["embedders"][0]["ground_truth"]["check"]["status"] == "within"
    frozen = ["--protocol", tmp_path / "out" / "protocol.json", "--output", tmp_path / "again"]
    irmogen("evaluate", some, "--embedder", embedder, *frozen)
    again = results_of(tmp_path / "again")
    assert again["partial"] == results["partial"]
    assert again["embedders"][0]["ground_truth"]["check"]["status"] == "within"


def _twice(generations: Rows, rounds: Rows) -> None:
    generations[1]["goal_id"] = generations[0]["goal_id"]


def _short(generations: Rows, rounds: Rows) -> None:
    generations[0]["rounds"] += 1


def _nan(generations: Rows, rounds: Rows) -> None:
    rounds[0]["features"] = np.full_like(rounds[0]["features"], np.nan)


def _own(generations: Rows, rounds: Rows) -> None:
    for row in rounds:
        row["injected"] = False


@pytest.mark.parametrize(
    ("kind", "spoil", "told"),
    [
        ("near", _twice, "number the samples"),
        ("near", _short, "tells of 2 rounds"),
        ("near", _nan, "round 0 holds NaN"),
        ("robust", _own, "its first round, and no other, injected"),
    ],
)
def test_a_spoilt_set_is_refused_with_its_generation(
    kind: str,
    spoil: Callable[[Rows, Rows], object],
    told: str,
    stand_ins: Path,
    embedder: Path,
    tmp_path: Path,
) -> None:
    spoilt = rewritten(open_set(stand_ins / kind), tmp_path / kind, 2, spoil=spoil)
    words = ["evaluate", spoilt, "--embedder", embedder, "--output", tmp_path / "out"]
    done = irmogen(*words, check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert str(spoilt) in done.stderr
    assert "ground truth" not in done.stdout


def test_completions_without_a_motion_or_a_verdict_are_counted(
    stand_ins: Path, embedder: Path, tmp_path: Path
) -> None:
    def emptied(generations: Rows, rounds: Rows) -> None:
        name = generations[0]["generation_id"]
        generations[0]["rounds"] = 0
        rounds[:] = [row for row in rounds if row["generation_id"] != name]

    def silent(generations: Rows, rounds: Rows) -> None:
        generations[0]["verdict"] = float("nan")

    near = rewritten(open_set(stand_ins / "near"), tmp_path / "near", 2, spoil=emptied)
    verdicts = rewritten(open_set(stand_ins / "verdicts"), tmp_path / "verdicts", 2, spoil=silent)
    irmogen("evaluate", near, verdicts, "--embedder", embedder, "--output", tmp_path / "out")
    sets = {one["id"]: one for one in results_of(tmp_path / "out")["sets"]}
    goals = results_of(tmp_path / "out")["goals"]
    assert sets["near"]["without_motion"] == pytest.approx(1 / goals)
    assert sets["near"]["plausibility"]["unmeasured"] == 1
    assert sets["verdicts"]["judging"]["unanswered"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["{tmp}/nothing", "--embedder", "{embedder}"], "holds no generations"),
        (["{near}", "--embedder", "{tmp}/nothing"], "no such folder"),
        (["{near}", "--embedder", "bert:{embedder}"], "unknown embedder 'bert'"),
        (["{near}", "--embedder", "guo:{embedder}"], "finest.tar"),
        (["{near}", "{near}", "--embedder", "{embedder}"], "given twice"),
        (["{near}", "--embedder", "{embedder}", "--corpus", "{tmp}"], "is no corpus; give the folder"),
        (["{near}", "--embedder", "{embedder}", "--protocol", "{embedder}/embedder.json"], "protocol"),
        (["{near}", "--embedder", "{embedder}", "--mode", "published"], "do not fill a pool of 32"),
    ],
)
def test_what_cannot_be_evaluated_is_told_before_any_work(
    words: list[str], told: str, stand_ins: Path, embedder: Path, tmp_path: Path
) -> None:
    places = {"tmp": tmp_path, "embedder": embedder, "near": stand_ins / "near"}
    filled = [word.format(**places) for word in words]
    done = irmogen("evaluate", *filled, "--output", tmp_path / "out", check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_results_are_not_written_among_other_files(stand_ins: Path, embedder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    words = ["evaluate", stand_ins / "near", "--embedder", embedder, "--output", tmp_path]
    done = irmogen(*words, check=False)
    assert done.returncode == 2
    assert "mine.txt" in done.stderr


def test_generations_of_another_corpus_are_refused(stand_ins: Path, embedder: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    words = ["evaluate", stand_ins / "near", "--embedder", embedder, "--output", tmp_path / "out"]
    done = irmogen(*words, "--corpus", tmp_path / "corpus", check=False)
    assert done.returncode == 2
    assert "are not those that" in done.stderr


def test_stand_ins_never_replace_a_models_generations(stand_ins: Path, corpus: Path, tmp_path: Path) -> None:
    source = open_set(stand_ins / "near")
    root = rewritten(source, tmp_path / "mine", 1)
    manifest = json.loads((root / "manifest.json").read_text())
    (root / "manifest.json").write_text(json.dumps({**manifest, "notes": {"checkpoint": "mine"}}))
    done = irmogen("make-generations", corpus, "--kind", "near", "--output", root, check=False)
    assert done.returncode == 2
    assert "generations of a model" in done.stderr
    assert open_set(root).count == source.count


def test_stand_ins_are_the_same_bytes_again(stand_ins: Path, corpus: Path, tmp_path: Path) -> None:
    irmogen("make-generations", corpus, "--kind", "near", "--output", tmp_path / "near")
    one, other = open_set(stand_ins / "near"), open_set(tmp_path / "near")
    assert [shard.sha256 for shard in one.shards] == [shard.sha256 for shard in other.shards]
    assert {row for table, _ in one.tables() for row in table.column("model").to_pylist()} == {"near"}


def test_the_rounds_of_a_stand_in_are_its_ladder(stand_ins: Path, corpus: Path) -> None:
    from schemas.corpus import open_corpus
    from schemas.gathering import gather
    from schemas.rows import MotionRef

    opened, _ = open_corpus(corpus)
    ladders = {
        row["goal_id"]: row for i in range(opened.shards) for row in opened.read("stage2", i).to_pylist()
    }
    generations, rounds = next(open_set(stand_ins / "ladder").tables())
    goal = next(row for row in generations.to_pylist() if row["goal_id"] in ladders)
    wanted = [MotionRef(**rung["motion"]) for rung in ladders[goal["goal_id"]]["ladder"]]
    motions = gather(opened, wanted)
    names = rounds.column("generation_id").to_pylist()
    mine = [features_of(rounds, row) for row, name in enumerate(names) if name == goal["generation_id"]]
    assert len(mine) == 5
    assert all(np.array_equal(motions[ref], clip) for ref, clip in zip(wanted, mine, strict=False))
