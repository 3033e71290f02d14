"""The built-in embedder: trained, loaded, what it records, and ladders that it orders."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import irmogen
from embedder_files import distilbert_folder, distilbert_state

from evaluators.builtin.material import Material, read_material
from evaluators.builtin.model import Shape
from evaluators.builtin.sentences import SentenceEncoder
from evaluators.builtin.training import Settings, train
from evaluators.embedders import Text, embed_motions, embed_texts, embedder_of
from evaluators.embedders.builtin import load_builtin, save_builtin
from motion.demo.dataset import write_demo
from schemas.corpus import open_corpus
from schemas.shards import features_of


def motions_of(corpus: Path) -> list[np.ndarray]:
    opened, _ = open_corpus(corpus)
    table = opened.read("motions", 0)
    return [np.array(features_of(table, row)) for row in range(table.num_rows)]


def test_vectors_do_not_depend_on_what_they_are_batched_with(corpus: Path, embedder: Path) -> None:
    used = embedder_of(str(embedder), "t2m")
    clips = motions_of(corpus)[:20]
    texts = [Text("a person walks"), Text("someone jumps twice, and zorbs to the left"), Text("he waves")]
    assert np.array_equal(embed_motions(used, clips, 1), embed_motions(used, clips, 7))
    assert np.array_equal(embed_texts(used, texts, 1), embed_texts(used, texts[::-1], 3)[::-1])
    lengths = np.linalg.norm(used.encode_motions(clips), axis=1)
    assert np.allclose(lengths, 1)


def small_material(corpus: Path) -> Material:
    """Sixteen goals of different clips of the corpus' train split."""
    opened, _ = open_corpus(corpus)
    whole = read_material(opened, "t2m", "train")
    first = {example.segment[0]: example for example in whole.examples}
    kept = tuple(list(first.values())[:16])
    places = {example.segment for example in kept}
    features = {place: whole.features[place] for place in places}
    return Material("t2m", kept, features, {place: whole.subjects[place] for place in places})


SMALL, FEW = Shape(width=16, layers=1), Settings(steps=3, batch=8)


def test_the_same_seed_gives_the_same_weights_and_another_others(corpus: Path) -> None:
    material = small_material(corpus)
    one, two, other = (train(material, SMALL, replace(FEW, seed=seed)) for seed in (1, 1, 2))
    assert one.losses == two.losses != other.losses
    states = [trained.networks.state_dict() for trained in (one, two)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_pretrained_sentence_encoder_can_read_the_captions(corpus: Path, tmp_path: Path) -> None:
    pretrained = distilbert_folder(tmp_path / "pretrained", 16, distilbert_state(16, 0))
    encoder = SentenceEncoder(pretrained)
    shape = replace(SMALL, sentences=encoder.size)
    trained = train(small_material(corpus), shape, FEW, encoder)
    save_builtin(tmp_path / "embedder", shape, trained.networks, encoder, {"ground_truth": []})
    shutil.rmtree(pretrained)  # the embedder's folder is all that is needed
    used = load_builtin(tmp_path / "embedder")
    texts = [Text("a person walks forward slowly."), Text("a man turns left")]
    assert np.array_equal(embed_texts(used, texts, 1), embed_texts(used, texts, 2))
    assert used.shape.sentences == 16
    with pytest.raises(ValueError, match="give the folder of a transformers model"):
        SentenceEncoder(tmp_path)


def test_training_tells_what_it_learned_and_how_it_reacts_to_perturbations(embedder: Path) -> None:
    notes = json.loads((embedder / "embedder.json").read_text())
    assert notes["loss"][-1] < notes["loss"][0] / 2
    assert {record["split"] for record in notes["ground_truth"]} >= {"test"}
    by_name = {one["operation"]: one for one in notes["sensitivity"]}
    assert by_name["jitter"]["strengths"] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert by_name["jitter"]["growth"][-1] > by_name["jitter"]["growth"][0] == 0


def test_a_damaged_embedder_is_refused_with_its_file(embedder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(embedder, copy)
    weights = copy / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match=r"weights\.safetensors.*train the embedder again"):
        load_builtin(copy)
    (copy / "embedder.json").write_text('{"kind": "builtin", "version": 99}')
    with pytest.raises(ValueError, match="version 99"):
        load_builtin(copy)
    with pytest.raises(ValueError, match="t2m motions, these are kit"):
        embedder_of(str(embedder), "kit")
    with pytest.raises(ValueError, match="no such folder"):
        embedder_of(str(tmp_path / "nothing"), "t2m")


def test_an_embedder_does_not_overwrite_other_files(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = irmogen("train-embedder", corpus, "--output", tmp_path, check=False)
    assert done.returncode == 2
    assert "mine.txt" in done.stderr


def test_ladders_ordered_by_the_embedder(
    corpus: Path, embedder: Path, build: Callable[..., Path], tmp_path: Path
) -> None:
    few = tmp_path / "data"
    write_demo(few, 24)
    flags = ["--alignment", "builtin", "--embedder", embedder]
    aligned = build(*flags, data=few)
    opened, manifest = open_corpus(aligned)
    assert manifest["gate"]["passed"]
    assert manifest["config"]["embedder_fingerprint"] == load_builtin(embedder).fingerprint
    rows = [row for i in range(opened.shards) for row in opened.read("candidates", i).to_pylist()]
    assert {row["alignment_kind"] for row in rows} == {"builtin"}
    by_rank = [np.mean([row["alignment"] for row in rows if row["rank"] == rank]) for rank in range(4)]
    assert by_rank == sorted(by_rank)
    other = tmp_path / "other"
    material = small_material(corpus)
    save_builtin(other, SMALL, train(material, SMALL, FEW).networks, None, {"ground_truth": []})
    words = ["build", "--input", few, "--output", aligned, "--alignment", "builtin"]
    refused = irmogen(*words, "--embedder", other, check=False)
    assert refused.returncode == 2
    assert "embedder_fingerprint" in refused.stderr
    lacking = irmogen(*words, check=False)
    assert lacking.returncode == 2
    assert "go together" in lacking.stderr


@pytest.mark.slow
def test_an_embedder_aligns_the_same_with_one_worker_and_with_two(
    embedder: Path, build: Callable[..., Path]
) -> None:
    flags = ["--alignment", "builtin", "--embedder", embedder]
    one, two = (build(*flags, "--direct_num_workers", count, name=str(count)) for count in (1, 2))
    assert open_corpus(one)[1]["tables"] == open_corpus(two)[1]["tables"]
