"""The motion tokenizer: its folder, its published names, and that tokens depend on the clip alone."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch.nn.functional import conv1d, interpolate

from motion.seeds import generator
from motion.skeleton import skeleton
from motion.tokenizer import MotionTokenizer, import_published, load_tokenizer, save_tokenizer
from motion.vqvae import TokenizerShape, VqVae

SHAPE = TokenizerShape(263, codes=32, code_size=8, width=16, depth=2)


def random_network(shape: TokenizerShape, seed: int) -> VqVae:
    """Random weights; codes that are vectors of random frames, so that many of them are used."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = VqVae(shape)
        with torch.no_grad():
            vectors = network.encode(torch.randn(1, shape.codes * shape.frames_per_token, shape.features))
        network.quantizer.codebook.copy_(vectors[0])
    return network


def tokenizer(shape: TokenizerShape = SHAPE, body: str = "t2m", seed: int = 0) -> MotionTokenizer:
    """A tokenizer of random weights."""
    random = generator("mean and std", seed)
    mean, std = random.normal(size=shape.features), random.uniform(0.5, 2, shape.features)
    return MotionTokenizer(random_network(shape, seed), shape, body, mean, std, {"note": "by hand"})


def clip(name: object, frames: int, size: int = 263) -> np.ndarray:
    return generator("clip", name).normal(size=(frames, size)).astype(np.float32)


TOKENIZER = tokenizer()


def test_clips_become_a_token_for_four_frames_and_come_back_as_features() -> None:
    tokens = TOKENIZER.encode([clip(0, 60), clip(1, 47), clip(2, 4)])
    assert [len(codes) for codes in tokens] == [15, 11, 1]
    assert {type(code) for codes in tokens for code in codes} == {int}
    assert len({code for codes in tokens for code in codes}) > 5
    made = TOKENIZER.decode(tokens)
    assert [(clip.shape, clip.dtype) for clip in made] == [((4 * n, 263), np.float32) for n in (15, 11, 1)]
    assert (TOKENIZER.frames_per_token, TOKENIZER.min_frames, TOKENIZER.codes) == (4, 4, 32)


def test_frames_behind_the_last_whole_token_do_not_matter() -> None:
    long = clip("long", 51)
    assert TOKENIZER.encode([long]) == TOKENIZER.encode([long[:48]])


@hypothesis_settings(max_examples=15)
@given(st.lists(st.integers(4, 40), min_size=1, max_size=8), st.randoms())
def test_tokens_and_features_depend_on_neither_neighbours_nor_order(lengths: list[int], random: Any) -> None:
    clips = [clip(place, length) for place, length in enumerate(lengths)]
    alone = [TOKENIZER.encode([one])[0] for one in clips]
    order = list(range(len(clips)))
    random.shuffle(order)
    assert TOKENIZER.encode([clips[place] for place in order]) == [alone[place] for place in order]
    together = TOKENIZER.decode([alone[place] for place in order])
    for place, made in zip(order, together, strict=True):
        np.testing.assert_allclose(made, TOKENIZER.decode([alone[place]])[0], rtol=1e-6, atol=1e-6)


def test_a_folder_comes_back_as_the_same_tokenizer(tmp_path: Path) -> None:
    save_tokenizer(tmp_path, TOKENIZER)
    loaded = load_tokenizer(tmp_path)
    clips = [clip(0, 40), clip(1, 52)]
    assert loaded.encode(clips) == TOKENIZER.encode(clips)
    assert loaded.fingerprint == TOKENIZER.fingerprint
    assert (loaded.skeleton, loaded.shape, loaded.notes) == ("t2m", SHAPE, {"note": "by hand"})
    before = (tmp_path / "weights.safetensors").read_bytes()
    save_tokenizer(tmp_path, loaded)
    assert (tmp_path / "weights.safetensors").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"tokenizer.json", "weights.safetensors"}


def test_the_fingerprint_tells_weights_and_normalisation_apart() -> None:
    assert len(TOKENIZER.fingerprint) == 16
    assert tokenizer().fingerprint == TOKENIZER.fingerprint
    assert tokenizer(seed=1).fingerprint != TOKENIZER.fingerprint
    mean, std = np.zeros(263), np.ones(263)
    one, other = (MotionTokenizer(VqVae(SHAPE), SHAPE, "t2m", mean, std * k) for k in (1, 2))
    assert one.fingerprint != other.fingerprint


def test_weights_have_the_published_names_and_sizes() -> None:
    state = VqVae(TokenizerShape(263)).state_dict()
    layers = {name.rsplit(".", 1)[0] for name in state if name.startswith("encoder")}
    stack = [f"1.model.{block}.conv{n}" for block in range(3) for n in (1, 2)]
    inner = [f"encoder.model.{k}.{part}" for k in (2, 3) for part in ("0", *stack)]
    assert layers == {"encoder.model.0", *inner, "encoder.model.4"}
    layers = {name.rsplit(".", 1)[0] for name in state if name.startswith("decoder")}
    stack = [f"0.model.{block}.conv{n}" for block in range(3) for n in (1, 2)]
    inner = [f"decoder.model.{k}.{part}" for k in (2, 3) for part in ("2", *stack)]
    assert layers == {"decoder.model.0", *inner, "decoder.model.4", "decoder.model.6"}
    assert state["quantizer.codebook"].shape == (512, 512)
    assert state["encoder.model.2.0.weight"].shape == (512, 512, 4)
    assert sum(value.numel() for value in state.values()) == 19_436_807 + 512 * 512


def published_state(shape: TokenizerShape) -> dict[str, torch.Tensor]:
    """Random weights under their published names."""
    return {f"vqvae.{name}": value for name, value in random_network(shape, 7).state_dict().items()}


def by_formula(state: dict[str, torch.Tensor], frames: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Codes and normalised frames of normalised frames (T, F), written out layer by layer."""

    def conv(x: torch.Tensor, name: str, **how: int) -> torch.Tensor:
        return conv1d(x, state[f"vqvae.{name}.weight"].double(), state[f"vqvae.{name}.bias"].double(), **how)

    def stack(x: torch.Tensor, name: str) -> torch.Tensor:
        for block, gap in enumerate((9, 3, 1)):
            inner = conv(x.relu(), f"{name}.{block}.conv1", padding=gap, dilation=gap)
            x = x + conv(inner.relu(), f"{name}.{block}.conv2")
        return x

    x = conv(torch.from_numpy(frames.T[None].copy()), "encoder.model.0", padding=1).relu()
    for k in (2, 3):
        x = stack(conv(x, f"encoder.model.{k}.0", stride=2, padding=1), f"encoder.model.{k}.1.model")
    vectors = conv(x, "encoder.model.4", padding=1)[0].T
    book = state["vqvae.quantizer.codebook"].double()
    codes = torch.cdist(vectors, book).argmin(1)
    x = conv(book[codes].T[None], "decoder.model.0", padding=1).relu()
    for k in (2, 3):
        x = interpolate(stack(x, f"decoder.model.{k}.0.model"), scale_factor=2, mode="nearest")
        x = conv(x, f"decoder.model.{k}.2", padding=1)
    x = conv(conv(x, "decoder.model.4", padding=1).relu(), "decoder.model.6", padding=1)
    return codes.tolist(), x[0].T.numpy()


def write_published(folder: Path, net: Any, size: int) -> tuple[Path, Path, Path]:
    paths = folder / "net_last.pth", folder / "mean.npy", folder / "std.npy"
    torch.save({"net": net}, paths[0])
    random = generator("published", size)
    np.save(paths[1], random.normal(size=size))
    np.save(paths[2], random.uniform(0.5, 2, size))
    return paths


@pytest.mark.parametrize("body", ["t2m", "kit"])
def test_a_published_checkpoint_computes_what_is_published(tmp_path: Path, body: str) -> None:
    size = skeleton(body).feature_size
    state = published_state(TokenizerShape(size, codes=64, code_size=12, width=24))
    paths = write_published(tmp_path, state, size)
    mean, std = np.load(paths[1]), np.load(paths[2])
    found = import_published(*paths, body)
    frames = clip("published", 48, size)
    codes, made = by_formula(state, (frames - mean) / std)
    assert len(set(codes)) > 8
    assert found.encode([frames]) == [tuple(codes)]
    np.testing.assert_allclose(found.decode([codes])[0], made * std + mean, rtol=1e-5, atol=1e-5)
    assert found.notes == {"imported_from": "net_last.pth"}
    save_tokenizer(tmp_path / "tokenizer", found)
    assert load_tokenizer(tmp_path / "tokenizer").encode([frames]) == [tuple(codes)]


def test_a_published_checkpoint_of_another_form_is_refused_by_name(tmp_path: Path) -> None:
    def refusal(net: Any, body: str = "t2m") -> str:
        paths = write_published(tmp_path, net, 263)
        with pytest.raises(ValueError, match=r"net_last\.pth|features") as told:
            import_published(*paths, body)
        return str(told.value)

    state = published_state(TokenizerShape(263, codes=8, code_size=4, width=6))
    lacking = {name: value for name, value in state.items() if name != "vqvae.decoder.model.6.bias"}
    assert "does not fit a VQ-VAE: vqvae.decoder.model.6.bias: is missing" in refusal(lacking)
    assert "vqvae.strange: is unknown" in refusal(state | {"vqvae.strange": torch.zeros(1)})
    wrong = refusal(state | {"vqvae.decoder.model.6.bias": torch.zeros(7)})
    assert "vqvae.decoder.model.6.bias: has shape (7,), not (263,)" in wrong
    assert "no state dict under 'net'" in refusal([1])
    assert "no VQ-VAE" in refusal({"weight": torch.zeros(1)})
    assert "251 features" in refusal_of_mean(tmp_path, state)


def refusal_of_mean(folder: Path, state: Any) -> str:
    paths = write_published(folder, state, 251)
    with pytest.raises(ValueError, match="motion tokenizer of kit motions") as told:
        import_published(*paths, "kit")
    return str(told.value)


def test_a_checkpoint_that_would_run_code_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    paths = write_published(tmp_path, {}, 263)
    torch.save({"net": Trap()}, paths[0])
    with pytest.raises(ValueError, match=r"as weights only; it is damaged or not published$"):
        import_published(*paths, "t2m")
    paths[0].write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(ValueError, match="cannot be read as weights only"):
        import_published(*paths, "t2m")
    assert not (tmp_path / "ran").exists()


def test_what_cannot_be_encoded_or_decoded_is_told() -> None:
    broken = clip(0, 20)
    broken[7, 3] = np.nan
    cases = {
        r"clip 1: has shape \(20, 251\).*\(frames, 263\)": clip(0, 20, 251),
        "clip 1: 3 frames": clip(0, 3),
        "clip 1: NaN or infinite values, first in frame 7": broken,
    }
    for told, bad in cases.items():
        with pytest.raises(ValueError, match=told):
            TOKENIZER.encode([clip(0, 20), bad])
    with pytest.raises(ValueError, match="motion 1: token 32; this tokenizer has 0 to 31"):
        TOKENIZER.decode([[0], [3, 32]])
    with pytest.raises(ValueError, match="motion 0: token -1"):
        TOKENIZER.decode([[-1]])
    with pytest.raises(ValueError, match="motion 0: has no token"):
        TOKENIZER.decode([[]])
    assert TOKENIZER.encode([]) == []
    assert TOKENIZER.decode([]) == []


def test_a_shape_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="513 codes, at most 512"):
        TokenizerShape(263, codes=513)
    with pytest.raises(ValueError, match="width is 0"):
        TokenizerShape(263, width=0)
    with pytest.raises(ValueError, match="networks of 263 features"):
        MotionTokenizer(VqVae(SHAPE), SHAPE, "kit", np.zeros(251), np.ones(251))
    with pytest.raises(ValueError, match="std is not above 0"):
        MotionTokenizer(VqVae(SHAPE), SHAPE, "t2m", np.zeros(263), np.zeros(263))
    with pytest.raises(ValueError, match=r"mean: .* 263 finite ones"):
        MotionTokenizer(VqVae(SHAPE), SHAPE, "t2m", np.zeros(251), np.ones(263))


def test_a_damaged_folder_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no tokenizer\.json.*train-tokenizer"):
        load_tokenizer(tmp_path)
    save_tokenizer(tmp_path, TOKENIZER)
    notes = json.loads((tmp_path / "tokenizer.json").read_text())
    (tmp_path / "tokenizer.json").write_text(json.dumps(notes | {"version": 99}))
    with pytest.raises(ValueError, match="version 99, this irmogen knows 1"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text(json.dumps(notes | {"shape": {"features": 263}}))
    with pytest.raises(ValueError, match="does not fit a VQ-VAE"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text(json.dumps(notes))
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"weights\.safetensors: is missing or not the file.*train"):
        load_tokenizer(tmp_path)
