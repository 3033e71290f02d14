"""Training of the motion tokenizer: draws by step, moving codes, the same weights again, the report."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from small_corpus import write_corpus

from motion.features import joints_from_features
from motion.seeds import generator
from motion.tokenizer import MotionTokenizer, load_tokenizer
from motion.vqvae import Codebook, TokenizerShape
from pipelines.cli import main
from schemas.corpus import open_corpus
from trainer.motion_clips import Clips, draw_windows, feature_groups, read_clips
from trainer.reconstruction import reconstruction
from trainer.tokenizer_recipe import TokenizerTraining, load_tokenizer_recipe
from trainer.tokenizer_training import MovingCodebook, perplexity, rate, train_tokenizer

SHAPE = TokenizerShape(263, codes=16, code_size=8, width=16, depth=1)
SETTINGS = TokenizerTraining(
    steps=30, batch=4, window=16, rate=2e-3, warmup=5, codebook_decay=0.9, path=0.1, log_every=10, seed=3
)
TINY = ("model.codes=16", "model.code_size=8", "model.width=8", "model.depth=1", "train.steps=4")
FILES = {"log.jsonl", "tensorboard", "tokenizer.json", "weights.safetensors"}


def clips_of(*lengths: int) -> Clips:
    """Smooth motions: waves that differ from clip to clip."""
    made = []
    for place, length in enumerate(lengths):
        random = generator("waves", place)
        phase = random.uniform(0, 6, 263) + 0.2 * np.arange(length)[:, None]
        made.append((np.sin(phase) * random.uniform(0.1, 1, 263)).astype(np.float32))
    starts = np.cumsum([0, *lengths])
    return Clips(tuple(f"{place:06d}" for place in range(len(lengths))), np.concatenate(made), starts)


CLIPS = clips_of(60, 12, 41, 33)


@hypothesis_settings(max_examples=30)
@given(st.integers(0, 99), st.integers(0, 9999))
def test_windows_are_parts_of_clips_and_depend_on_seed_and_step_alone(seed: int, step: int) -> None:
    frames, there = draw_windows(CLIPS, 16, 5, seed, step)
    again, _ = draw_windows(CLIPS, 16, 5, seed, step)
    np.testing.assert_array_equal(frames, again)
    assert frames.shape == (5, 16, 263)
    clips = [CLIPS.clip(place) for place in range(len(CLIPS))]
    for window, kept in zip(frames, there, strict=True):
        length = int(kept.sum())
        assert kept[:length].all()
        assert length in (12, 16)  # the short clip is there whole
        assert any(
            np.array_equal(clip[start : start + length], window[:length])
            for clip in clips
            for start in range(len(clip) - length + 1)
        )
        assert (window[length:] == window[length - 1]).all()


def test_other_steps_draw_other_windows() -> None:
    drawn = {draw_windows(CLIPS, 16, 5, 0, step)[0].tobytes() for step in range(20)}
    assert len(drawn) == 20


def test_normalisation_is_of_all_frames_with_one_deviation_a_group() -> None:
    frames = CLIPS.frames.copy()
    frames[:, 3] = 0.25  # the root's height
    mean, std = replace(CLIPS, frames=frames).normalisation()
    np.testing.assert_allclose(mean, frames.mean(axis=0, dtype=np.float64), rtol=1e-9)
    each = frames.astype(np.float64).std(axis=0)
    assert std[0] == pytest.approx(each[0])
    assert std[1] == std[2] == pytest.approx(each[1:3].mean())
    assert std[3] == 1e-3
    assert set(std[4:67]) == {std[4]}
    assert std[4] == pytest.approx(each[4:67].mean())
    ends = [group.stop for group in feature_groups(263).values()]
    assert ends == [1, 3, 4, 67, 193, 259, 263]
    assert feature_groups(251)["contacts"] == slice(247, 251)


def test_motions_of_a_split_are_read_and_their_perturbed_versions_where_asked(tmp_path: Path) -> None:
    corpus, _ = write_corpus(tmp_path)
    clips = read_clips(corpus, "train")
    assert clips.ids == ("000001", "000002", "M000001", "a_long_odd_id")
    with_perturbed = read_clips(corpus, "train", perturbed=True)
    assert set(clips.ids) < set(with_perturbed.ids)
    assert {name for name in with_perturbed.ids if name.startswith("small-")} == {
        name
        for index in range(2)
        for name in corpus.read("perturbed", index).column("perturbed_id").to_pylist()
        if "000003" not in name and "000004" not in name
    }
    assert len(read_clips(corpus, "nosplit")) == 0


def test_codes_are_moving_averages_and_unused_ones_begin_anew_at_a_vector() -> None:
    shape = TokenizerShape(263, codes=3, code_size=2, width=4)
    book = MovingCodebook(Codebook(shape), decay=0.9, reset_below=0.2)
    torch.manual_seed(0)
    vectors = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    book.begin(vectors)
    first = book.codebook.codebook.clone()
    assert sorted(first.tolist()) == sorted(vectors.tolist())
    near = first[0] + torch.tensor([1.0, 0.0])
    seen = torch.stack([near, near, first[1]])
    book.update(seen, torch.tensor([0, 0, 1]))
    # Counts begin at a fair share of 1: 0.9 + 0.1 * 2 of the first code, 0.9 + 0.1 of the second.
    torch.testing.assert_close(book.codebook.codebook[0], first[0] + torch.tensor([0.2 / 1.1, 0.0]))
    torch.testing.assert_close(book.codebook.codebook[1], first[1])
    torch.testing.assert_close(book.codebook.codebook[2], first[2])
    for _ in range(14):  # 0.9 ** 15 < 0.2 < 0.9 ** 14
        torch.testing.assert_close(book.codebook.codebook[2], first[2])
        book.update(seen, torch.tensor([0, 0, 1]))
    book.update(seen, torch.tensor([0, 0, 1]))
    assert book.codebook.codebook[2].tolist() in seen.tolist()


def test_perplexity_is_the_number_of_evenly_used_codes() -> None:
    assert perplexity(torch.tensor([5, 5, 0, 5, 5])) == pytest.approx(4)
    assert perplexity(torch.tensor([0, 9, 0])) == pytest.approx(1)


def test_the_rate_grows_and_then_falls_as_asked() -> None:
    cosine = replace(SETTINGS, steps=100, warmup=10, rate=1.0)
    rates = [rate(cosine, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9]
    assert rates[99] < 0.001
    stepped = replace(cosine, schedule="step", step_at=50, step_factor=0.05)
    assert [rate(stepped, step) for step in (20, 49, 50, 99)] == pytest.approx([1, 1, 0.05, 0.05])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> MotionTokenizer:
    return train_tokenizer(CLIPS, "t2m", SHAPE, SETTINGS, tmp_path_factory.mktemp("trained"))[0]


def test_equal_seeds_give_equal_weights_whatever_was_drawn_before(
    trained: MotionTokenizer, tmp_path: Path
) -> None:
    torch.rand(3)
    state = torch.get_rng_state()
    again, records = train_tokenizer(CLIPS, "t2m", SHAPE, SETTINGS, tmp_path / "again")
    assert again.fingerprint == trained.fingerprint
    assert torch.equal(torch.get_rng_state(), state)
    assert [record.step for record in records] == [0, 10, 20, 29]
    assert records[-1].reconstruction < records[0].reconstruction
    changed = replace(SETTINGS, seed=4, steps=2)
    other, _ = train_tokenizer(CLIPS, "t2m", SHAPE, changed, tmp_path / "other")
    assert other.fingerprint != trained.fingerprint


def test_the_report_measures_joints_before_and_after(trained: MotionTokenizer) -> None:
    found = reconstruction(trained, CLIPS)
    tokens = trained.encode([CLIPS.clip(place) for place in range(4)])
    assert found.tokens == sum(map(len, tokens)) == 15 + 3 + 10 + 8
    assert found.codes_used == len({code for codes in tokens for code in codes})
    far, turned, count = 0.0, 0.0, 0
    for place, made in enumerate(trained.decode(tokens)):
        one, other = (joints_from_features(f) for f in (CLIPS.clip(place)[: len(made)], made))
        far += np.linalg.norm(one - other, axis=-1).sum()
        turned += np.linalg.norm(one - one[:, :1] - (other - other[:, :1]), axis=-1).sum()
        count += one.shape[0] * one.shape[1]
    assert found.position_mm == pytest.approx(1000 * far / count, rel=1e-3)
    assert found.root_aligned_mm == pytest.approx(1000 * turned / count, rel=1e-3)
    assert f"joints off by {found.position_mm:.0f} mm" in "\n".join(found.lines())
    assert json.dumps(found.as_dict())


def test_the_shipped_recipes_can_be_read_and_changed() -> None:
    demo = load_tokenizer_recipe("demo", ["train.steps=7", "model.codes=99"])
    assert (demo.name, demo.train.steps, demo.model.codes) == ("demo", 7, 99)
    published = load_tokenizer_recipe("gemma2-2b")
    assert TokenizerShape(263, **vars(published.model)) == TokenizerShape(263)
    assert (published.train.batch, published.train.rate, published.train.codebook_decay) == (256, 2e-4, 0.99)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("train.stepps=3", r"demo-tokenizer\.yaml: unknown train\.stepps; known are batch"),
        ("train.steps=many", r"train\.steps is 'many', wanted is int"),
        ("train.save_every=0", r"train\.save_every is 0, the least is 1"),
        ("train.steps=0", r"train\.steps is 0, the least is 1"),
        ("train.window=30", r"train\.window is 30; give a multiple of the 4 frames"),
        ("train.schedule=linear", r"train\.schedule is 'linear', choose one of cosine, step"),
        ("train.velocity=-1", "a weight of the loss is negative"),
        ("train.codebook_decay=1", r"train\.codebook_decay between 0 and 1"),
        ("steps=3", "give section.name=value"),
    ],
)
def test_a_recipe_with_a_wrong_value_is_refused(change: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        load_tokenizer_recipe("demo", [change])


def train(root: Path, output: Path, *flags: str) -> int:
    changes = [part for change in TINY for part in ("--set", change)]
    return main(["train-tokenizer", str(root), "--output", str(output), *changes, *flags])


def test_the_command_writes_a_folder_that_tells_what_it_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, output = tmp_path / "corpus", tmp_path / "tokenizer"
    _, manifest = write_corpus(root)
    tables = [manifest["tables"][name]["shards"] for name in ("motions", "goals", "perturbed")]
    shards = [{"file": one["file"], "sha256": one["sha256"]} for table in tables for one in table]
    assert train(root, output, "--dry-run") == 0
    assert not output.exists()
    said = capsys.readouterr().out
    assert "16 codes of 8, one for 4 frames" in said
    assert all(f"{shard['file']}  {shard['sha256'][:16]}" in said for shard in shards)
    assert train(root, output) == 0
    said = capsys.readouterr().out
    tokenizer = load_tokenizer(output)
    assert f"motion tokenizer {tokenizer.fingerprint}" in said
    assert "test: 1 motions, 15 tokens" in said
    assert tokenizer.notes["measured"]["test"]["motions"] == 1
    assert tokenizer.notes["recipe"]["train"]["steps"] == 4
    assert tokenizer.notes["shards"] == shards
    assert tokenizer.notes["gate"] is True
    assert [json.loads(line)["step"] for line in (output / "log.jsonl").open()] == [0, 3]
    assert {path.name for path in output.iterdir()} == FILES
    assert train(root, output) == 0
    assert "nothing to do, this training is done" in capsys.readouterr().out


def test_a_training_that_comes_apart_is_told_and_not_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_corpus(tmp_path / "corpus")[0].root
    assert train(root, tmp_path / "out", "--set", "train.rate=1e9") == 2
    told = "the training has come apart: loss is nan at step 3; lower train.rate, with another --output"
    assert told in capsys.readouterr().err
    assert not list(tmp_path.glob("out/checkpoints/*"))
    assert not (tmp_path / "out/tokenizer.json").exists()


def test_the_command_refuses_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "corpus"
    write_corpus(root, clips=[("000003", "val", 0, ("a person kneels",), (None,))])
    cases = {
        "has no motion in the split 'train'": (root, ()),
        "no such folder": (tmp_path / "nowhere", ()),
        "no such recipe; there are demo, gemma2-2b": (root, ("--recipe", "big")),
        "513 codes, at most 512": (root, ("--set", "model.codes=513")),
        "--device cuda:99": (root, ("--device", "cuda:99")),
    }
    for told, (corpus, flags) in cases.items():
        assert train(corpus, tmp_path / "tokenizer", *flags) == 2
        assert told in capsys.readouterr().err
    assert open_corpus(root)
    assert not (tmp_path / "tokenizer").exists()
