"""`irmogen tokenize`: every motion that the stages name is encoded once, and comes back to who names it."""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from portable import flags as flags_of
from portable import job_server, worker_pool
from small_corpus import SHARDS, write_corpus

from motion.tokenizer import MotionTokenizer, load_tokenizer, save_tokenizer
from motion.vqvae import TokenizerShape, VqVae
from pipelines.cli import main
from schemas.corpus import Corpus, open_corpus
from schemas.rows import MotionRef
from schemas.shards import features_of
from schemas.tokens import open_tokens
from transforms.tokens import TokenJob, placed, read_clips, shard_references, write_shard_tokens


def write_tokenizer(folder: Path, body: str = "t2m", seed: int = 0) -> MotionTokenizer:
    size = 263 if body == "t2m" else 251
    shape = TokenizerShape(size, codes=16, code_size=6, width=8, depth=1)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = VqVae(shape)
        with torch.no_grad():
            network.quantizer.codebook.copy_(network.encode(torch.randn(1, 64, size))[0])
    made = MotionTokenizer(network, shape, body, np.zeros(size), np.ones(size))
    save_tokenizer(folder, made)
    return made


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def done(tokenizer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with its tokens; nobody may change it."""
    root = tmp_path_factory.mktemp("corpus")
    write_corpus(root)
    assert tokenize(root, tokenizer) == 0
    return root


def tokenize(root: Path, tokenizer: Path, *flags: str) -> int:
    return main(["tokenize", str(root), "--tokenizer", str(tokenizer), *flags])


def clip_of(corpus: Corpus, reference: MotionRef) -> np.ndarray:
    """Features of a motion, looked for in every shard."""
    column = {"motions": "motion_id", "perturbed": "perturbed_id"}[reference.table]
    for index in range(corpus.shards):
        table = corpus.read(reference.table, index)
        for row, name in enumerate(table.column(column).to_pylist()):
            if name == reference.id:
                return features_of(table, row)[reference.start : reference.end]
    raise AssertionError(f"{reference} is nowhere")


def set_bytes(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((root / "tokens").glob("*/*"))}


def test_tokens_are_those_of_direct_encoding_for_every_motion_that_is_named(
    done: Path, tokenizer: Path
) -> None:
    corpus, manifest = open_corpus(done)
    found = open_tokens(done, manifest)
    direct = load_tokenizer(tokenizer)
    assert (found.tokenizer, found.codes) == (direct.fingerprint, 16)
    kinds = set()
    for index in range(SHARDS):
        tokens = found.read(index)
        assert set(tokens) == shard_references(corpus, index)
        assert list(tokens) == sorted(tokens, key=lambda one: tuple(vars(one).values()))
        for reference, codes in tokens.items():
            assert codes == direct.encode([clip_of(corpus, reference)])[0]
            kinds.add((reference.table, reference.id == "000002" and index == 0))
    # Among them are motions of another shard, pieces of motions, and perturbed ones.
    assert kinds == {("motions", False), ("motions", True), ("perturbed", False)}
    assert len({codes for index in range(SHARDS) for codes in found.read(index).values()}) > 5


def test_the_same_bytes_come_of_two_workers(done: Path, tokenizer: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path)
    flags = ("--runner=FnApiRunner", "--direct_num_workers=2", "--direct_running_mode=multi_threading")
    assert tokenize(tmp_path, tokenizer, *flags) == 0
    assert set_bytes(tmp_path) == set_bytes(done)
    assert len(set_bytes(done)) == SHARDS + 1


@pytest.mark.slow
def test_the_same_bytes_come_of_a_worker_pool(done: Path, tokenizer: Path, tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    write_corpus(root)
    python = Path(sys.executable).parent
    with job_server(tmp_path) as server, worker_pool(python, tmp_path, os.environ) as pool:
        assert tokenize(root, tokenizer, *flags_of(server, pool)) == 0
    assert set_bytes(root) == set_bytes(done)


def test_a_set_that_is_there_is_left_and_one_out_of_date_is_made_anew(
    done: Path, tokenizer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "corpus"
    shutil.copytree(done, root)
    assert tokenize(root, tokenizer) == 0
    assert "nothing to do" in capsys.readouterr().out
    # A killed run left these, and the corpus was made anew since, with the same rows.
    folder = next((root / "tokens").iterdir())
    (folder / "tokens-00000-of-00002.parquet").write_bytes(b"cut")
    (folder / ".part-1-tokens-00001-of-00002.parquet").touch()
    manifest = json.loads((root / "manifest.json").read_text())
    manifest["tables"]["stage2"]["digest"] = "of another build"
    (root / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="made anew since"):
        open_tokens(root, manifest)
    assert tokenize(root, tokenizer) == 0
    assert "nothing to do" not in capsys.readouterr().out
    assert open_tokens(root, manifest).shards
    before, after = set_bytes(done), set_bytes(root)
    assert before.pop("manifest.json") != after.pop("manifest.json")
    assert before == after


def refusal(capsys: pytest.CaptureFixture[str], root: Path, tokenizer: Path, *flags: str) -> str:
    assert tokenize(root, tokenizer, *flags) == 2
    assert not (root / "tokens").exists()
    return capsys.readouterr().err


def test_what_cannot_be_tokenised_is_told_before_any_work(
    tokenizer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, other = tmp_path / "corpus", tmp_path / "kit"
    write_corpus(root)
    write_tokenizer(other, "kit")
    assert "its motions are of t2m, the motion tokenizer" in refusal(capsys, root, other)
    assert "holds no tokenizer.json" in refusal(capsys, root, tmp_path)
    assert "no such folder" in refusal(capsys, tmp_path / "nowhere", tokenizer)
    assert "unknown flag --workers" in refusal(capsys, root, tokenizer, "--workers=3")
    assert "--device cuda:99" in refusal(capsys, root, tokenizer, "--device", "cuda:99")
    (root / "perturbed" / "perturbed-00001-of-00002.parquet").unlink()
    told = refusal(capsys, root, tokenizer)
    assert "perturbed-00001-of-00002.parquet: is missing; build the corpus again" in told


def test_a_motion_that_lies_nowhere_or_twice_is_named() -> None:
    with pytest.raises(ValueError, match="motions '000009': lies in 0 shards, but shard 3 of the stages"):
        list(placed((("motions", "000009"), {"wanted": [(3, (0, 60))], "held": []})))
    with pytest.raises(ValueError, match="lies in 2 shards"):
        list(placed((("motions", "000009"), {"wanted": [(3, (0, 60))], "held": [0, 1]})))
    nobody = (("motions", "000009"), {"wanted": [], "held": [0]})
    assert list(placed(nobody)) == []


def test_frames_that_are_not_there_are_named(done: Path) -> None:
    corpus, _ = open_corpus(done)
    wish = (MotionRef("motions", "000001", 0, 61), (0,))
    with pytest.raises(ValueError, match="'000001' has no frames 0 to 61; build the corpus again"):
        list(read_clips(corpus, 0, [wish]))


def test_tokens_that_got_lost_are_counted(done: Path, tokenizer: Path, tmp_path: Path) -> None:
    corpus, manifest = open_corpus(done)
    tokens = open_tokens(done, manifest).read(0)
    lost = sorted(tokens, key=str)[0]
    job = TokenJob(str(done), SHARDS, str(tokenizer), "lost", 16, "cpu")
    kept = [(reference, codes) for reference, codes in tokens.items() if reference != lost]
    with pytest.raises(ValueError, match=f"names {len(tokens)} motions, tokens came back for {len(kept)}"):
        write_shard_tokens(job, (0, {"tokens": kept}))
    assert corpus.shards == SHARDS
