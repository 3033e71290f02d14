"""The TMR embedder against the equations written out, on small random weights of the published form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from embedder_files import (
    CAPTIONS,
    Runs,
    State,
    attention,
    clips,
    distilbert_folder,
    distilbert_reference,
    distilbert_state,
    gelu,
    linear,
    norm,
    random_state,
)
from numpy.typing import NDArray

from evaluators.embedders.base import Text, embed_motions, embed_texts
from evaluators.embedders.tmr import TmrEmbedder

WIDTH, WORDS = 12, 8
LENGTHS = (1, 40, 73, 196)
Made = tuple[Path, dict[str, State], TmrEmbedder]


def actor_state(features: int, seed: int) -> State:
    shapes: dict[str, tuple[int, ...]] = {
        "projection.weight": (WIDTH, features),
        "projection.bias": (WIDTH,),
        "tokens": (2, WIDTH),
    }
    for layer in range(2):
        name = f"seqTransEncoder.layers.{layer}."
        shapes |= {
            f"{name}self_attn.in_proj_weight": (3 * WIDTH, WIDTH),
            f"{name}self_attn.in_proj_bias": (3 * WIDTH,),
        }
        for part, (out, into) in {
            "self_attn.out_proj": (WIDTH, WIDTH),
            "linear1": (20, WIDTH),
            "linear2": (WIDTH, 20),
        }.items():
            shapes |= {f"{name}{part}.weight": (out, into), f"{name}{part}.bias": (out,)}
        for part in ("norm1", "norm2"):
            shapes |= {f"{name}{part}.weight": (WIDTH,), f"{name}{part}.bias": (WIDTH,)}
    return random_state(shapes, seed)


def files(folder: Path, weights: str = "last_weights", stats: str = "stats") -> dict[str, State]:
    states = {
        "motion_encoder": actor_state(263, 1),
        "text_encoder": actor_state(WORDS, 2),
        "words": distilbert_state(WORDS, 3),
    }
    for place in (weights, stats):
        (folder / place).mkdir(parents=True, exist_ok=True)
    for name in ("motion_encoder", "text_encoder"):
        torch.save(states[name], folder / weights / f"{name}.pt")
    moments = random_state({"mean": (263,), "std": (263,)}, 4)
    torch.save(moments["mean"], folder / stats / "mean.pt")
    torch.save(moments["std"].abs() + 0.1, folder / stats / "std.pt")
    distilbert_folder(folder / "distilbert", WORDS, states["words"])
    return states


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
) -> Made:
    folder = tmp_path_factory.mktemp("tmr")
    states = files(folder)
    return folder, states, TmrEmbedder(folder)


def reference(state: State, sequence: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.concatenate([state["tokens"].double().numpy(), linear(state, "projection", sequence)])
    place = np.arange(len(found))[:, None]
    rates = np.exp(np.arange(0, WIDTH, 2) * (-np.log(10000.0) / WIDTH))
    found[:, 0::2] += np.sin(place * rates)
    found[:, 1::2] += np.cos(place * rates)
    for layer in range(2):
        name = f"seqTransEncoder.layers.{layer}."
        whole = state[f"{name}self_attn.in_proj_weight"].double().numpy()
        bias = state[f"{name}self_attn.in_proj_bias"].double().numpy()
        query, key, value = np.split(found @ whole.T + bias, 3, axis=1)
        read = linear(state, f"{name}self_attn.out_proj", attention(query, key, value, 4))
        found = norm(state, f"{name}norm1", found + read, 1e-5)
        inner = linear(state, f"{name}linear2", gelu(linear(state, f"{name}linear1", found)))
        found = norm(state, f"{name}norm2", found + inner, 1e-5)
    return found[0] / np.linalg.norm(found[0])


def test_motions_are_what_the_equations_give(made: Made) -> None:
    folder, states, embedder = made
    mean = torch.load(folder / "stats/mean.pt").double().numpy()
    std = torch.load(folder / "stats/std.pt").double().numpy()
    given = clips(263, LENGTHS)
    scaled = [(clip.astype(np.float64) - mean) / (std + 1e-12) for clip in given]
    expected = [reference(states["motion_encoder"], frames) for frames in scaled]
    found = embedder.encode_motions(given)
    assert found.dtype == np.float64
    # The published positions are float32 numbers, the reference's are not.
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_texts_are_what_the_equations_give(made: Made) -> None:
    _, states, embedder = made
    words = [distilbert_reference(states["words"], caption) for caption in CAPTIONS]
    expected = [reference(states["text_encoder"], each) for each in words]
    found = embedder.encode_texts([Text(caption, "no/tags read/VERB") for caption in CAPTIONS])
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert (embedder.dimensions, embedder.name, embedder.skeleton) == (WIDTH, "tmr", "t2m")


def test_a_vector_depends_on_its_own_input_only(made: Made) -> None:
    _, _, embedder = made
    given = clips(263, LENGTHS)
    alone = np.concatenate([embedder.encode_motions([clip]) for clip in given])
    assert abs(embedder.encode_motions(given) - alone).max() < 1e-12
    texts = [Text(caption) for caption in CAPTIONS]
    alone = np.concatenate([embedder.encode_texts([text]) for text in texts])
    assert abs(embedder.encode_texts(texts) - alone).max() < 1e-12
    assert (embed_motions(embedder, given, 1) == embed_motions(embedder, given, 3)).all()
    assert (embed_texts(embedder, texts, 1) == embed_texts(embedder, texts, 4)).all()


def test_a_long_text_is_cut_at_what_the_model_takes(made: Made) -> None:
    _, _, embedder = made
    long, longer = (" ".join(["walks"] * count) for count in (80, 90))
    first, second = embedder.encode_texts([Text(long), Text(longer)])
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_files_may_lie_flat_and_the_fingerprint_is_theirs(made: Made, tmp_path: Path) -> None:
    _, _, embedder = made
    files(tmp_path, ".", ".")
    flat = TmrEmbedder(tmp_path)
    assert flat.fingerprint == embedder.fingerprint
    torch.save(torch.full((263,), 0.5), tmp_path / "mean.pt")
    assert TmrEmbedder(tmp_path).fingerprint != embedder.fingerprint


def spoil_weights(folder: Path) -> None:
    (folder / "text_encoder.pt").write_bytes(b"no weights")


def spoil_key(folder: Path) -> None:
    state = torch.load(folder / "motion_encoder.pt")
    del state["seqTransEncoder.layers.1.linear2.bias"]
    torch.save(state, folder / "motion_encoder.pt")


def spoil_extra(folder: Path) -> None:
    torch.save(
        torch.load(folder / "motion_encoder.pt") | {"mu": torch.zeros(1)}, folder / "motion_encoder.pt"
    )


def spoil_values(folder: Path) -> None:
    state = torch.load(folder / "motion_encoder.pt")
    state["tokens"][0, 0] = torch.nan
    torch.save(state, folder / "motion_encoder.pt")


def spoil_features(folder: Path) -> None:
    torch.save(actor_state(251, 1), folder / "motion_encoder.pt")


def spoil_stats(folder: Path) -> None:
    torch.save(torch.zeros(251), folder / "mean.pt")


def spoil_std(folder: Path) -> None:
    torch.save(-torch.ones(263), folder / "std.pt")


def spoil_place(folder: Path) -> None:
    (folder / "std.pt").unlink()


def spoil_words(folder: Path) -> None:
    (folder / "distilbert/vocab.txt").unlink()


def spoil_language(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "distilbert/model.safetensors"
    state = load_file(path)
    del state["transformer.layer.0.ffn.lin1.bias"]
    save_file(state, path, {"format": "pt"})


def spoil_kind(folder: Path) -> None:
    path = folder / "distilbert/config.json"
    path.write_text(path.read_text().replace("distilbert", "bert"))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_weights, r"text_encoder.pt: cannot be read as weights .*as it was published"),
        (spoil_key, r"motion_encoder.pt: has no seqTransEncoder.layers.1.linear2.bias"),
        (spoil_extra, r"motion_encoder.pt: holds mu, which the network has not"),
        (spoil_values, r"motion_encoder.pt: tokens holds NaN"),
        (spoil_features, r"motion_encoder.pt: takes 251 numbers a step, there are 263"),
        (spoil_stats, r"mean.pt: is \(251,\), \(263,\) is expected"),
        (spoil_std, r"std.pt: holds values below zero"),
        (spoil_place, r"mean.pt and std.pt are missing, looked in .*stats.*docs/embedders.md"),
        (spoil_words, r"distilbert: has no tokenizer.json or vocab.txt"),
        (
            spoil_language,
            r"distilbert: cannot be read \(its weights lack transformer.layer.0.ffn.lin1.bias\)",
        ),
        (spoil_kind, r"distilbert: cannot be read \(is a bert, not a distilbert\)"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, spoil: Callable[[Path], None], told: str) -> None:
    files(tmp_path, ".", ".")
    spoil(tmp_path)
    with pytest.raises(ValueError, match=told):
        TmrEmbedder(tmp_path)


def test_no_code_of_a_file_is_run(tmp_path: Path) -> None:
    files(tmp_path, ".", ".")
    torch.save({"projection.weight": Runs(tmp_path / "ran")}, tmp_path / "motion_encoder.pt")
    with pytest.raises(ValueError, match=r"motion_encoder.pt: cannot be read as weights"):
        TmrEmbedder(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_kit_features_are_refused(made: Made) -> None:
    folder, _, _ = made
    with pytest.raises(ValueError, match="both published models take features of t2m"):
        TmrEmbedder(folder, skeleton="kit")


def test_the_registry_loads_it(made: Made) -> None:
    from evaluators.embedders import embedder_of

    folder, _, loaded = made
    assert embedder_of(f"tmr:{folder}", "t2m").fingerprint == loaded.fingerprint
