"""The MotionPatches embedder against the equations written out, on small random weights in published form."""

from __future__ import annotations

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
from evaluators.embedders.motionpatches import MotionPatchesEmbedder, sampled
from motion.features import joints_from_features
from motion.skeleton import KIT, SKELETONS, T2M

WIDTH, INNER, BLOCKS, WORDS, DIMENSIONS = 128, 24, 2, 8, 6  # two heads of 64
LENGTHS = (1, 40, 224, 240)
Made = tuple[Path, State, MotionPatchesEmbedder]


def model_state(seed: int = 1) -> State:
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, WIDTH),
        "pos_embed": (1, 71, WIDTH),
        "patch_embed.proj.weight": (WIDTH, 3, 16, 16),
        "patch_embed.proj.bias": (WIDTH,),
        "fc_norm.weight": (WIDTH,),
        "fc_norm.bias": (WIDTH,),
    }
    for block in range(BLOCKS):
        for part, (out, into) in {
            "attn.qkv": (3 * WIDTH, WIDTH),
            "attn.proj": (WIDTH, WIDTH),
            "mlp.fc1": (INNER, WIDTH),
            "mlp.fc2": (WIDTH, INNER),
        }.items():
            shapes |= {f"blocks.{block}.{part}.weight": (out, into), f"blocks.{block}.{part}.bias": (out,)}
        for part in ("norm1", "norm2"):
            shapes |= {f"blocks.{block}.{part}.weight": (WIDTH,), f"blocks.{block}.{part}.bias": (WIDTH,)}
    state = {f"motion_encoder.model.{name}": value for name, value in random_state(shapes, seed, 0.1).items()}
    words = distilbert_state(WORDS, seed)
    state |= {f"text_encoder.text_model.{name}": value for name, value in words.items()}
    for name, width in (("motion_projection", WIDTH), ("text_projection", WORDS)):
        head = {"projection": (DIMENSIONS, width), "fc": (DIMENSIONS, DIMENSIONS)}
        shapes = {f"{name}.{part}.weight": shape for part, shape in head.items()}
        shapes |= {f"{name}.{part}.bias": (DIMENSIONS,) for part in (*head, "layer_norm")}
        state |= random_state(shapes | {f"{name}.layer_norm.weight": (DIMENSIONS,)}, seed)
    return state | {"logit_scale": torch.tensor(2.66)}


def files(folder: Path, joints: int = 22) -> State:
    folder.mkdir(parents=True, exist_ok=True)
    state = model_state()
    torch.save(state, folder / "best_model.pt")
    random = np.random.default_rng(7)
    np.save(folder / "Mean_raw.npy", random.normal(size=(joints, 3)).astype(np.float32))
    np.save(folder / "Std_raw.npy", random.uniform(0.5, 2, size=(joints, 3)).astype(np.float32))
    distilbert_folder(folder / "distilbert", WORDS, None)
    return state


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("patches")
    state = files(folder)
    return folder, state, MotionPatchesEmbedder(folder)


def image_reference(folder: Path, joints: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Row by row, chain by chain, as an image is made wider."""
    mean, std = (np.load(folder / f"{part}_raw.npy").astype(np.float64) for part in ("Mean", "Std"))
    image = np.zeros((3, 224, 80))
    for row, pose in enumerate(((joints - mean) / std)[:224]):
        for place, chain in enumerate(SKELETONS[name].chains):
            middles = (np.arange(len(chain)) + 0.5) * 16 / len(chain) - 0.5
            for axis in range(3):
                columns = np.interp(np.arange(16), middles, pose[list(chain), axis])
                image[axis, row, 16 * place : 16 * place + 16] = columns
    return image


def head(state: State, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    led = linear(state, f"{name}.projection", values)
    led = norm(state, f"{name}.layer_norm", led + linear(state, f"{name}.fc", gelu(led)), 1e-5)
    return led / np.linalg.norm(led)


def motion_reference(state: State, image: NDArray[np.float64]) -> NDArray[np.float64]:
    vit = {name.removeprefix("motion_encoder.model."): value for name, value in state.items()}
    weight = vit["patch_embed.proj.weight"].double().numpy()
    patches = [
        np.einsum("chw,dchw->d", image[:, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16], weight)
        for row in range(14)
        for column in range(5)
    ]
    found = np.array(patches) + vit["patch_embed.proj.bias"].double().numpy()
    found = (
        np.concatenate([vit["cls_token"][0].double().numpy(), found]) + vit["pos_embed"][0].double().numpy()
    )
    for block in range(BLOCKS):
        name = f"blocks.{block}."
        parts = np.split(linear(vit, f"{name}attn.qkv", norm(vit, f"{name}norm1", found, 1e-6)), 3, axis=1)
        found = found + linear(vit, f"{name}attn.proj", attention(*parts, heads=2))
        inner = gelu(linear(vit, f"{name}mlp.fc1", norm(vit, f"{name}norm2", found, 1e-6)))
        found = found + linear(vit, f"{name}mlp.fc2", inner)
    return head(state, "motion_projection", norm(vit, "fc_norm", found[1:].mean(axis=0), 1e-6))


def test_motions_are_what_the_equations_give(made: Made) -> None:
    folder, state, embedder = made
    given = clips(263, LENGTHS)
    joints = [joints_from_features(clip, T2M) for clip in given]
    images = [image_reference(folder, each.astype(np.float64), "t2m") for each in joints]
    np.testing.assert_allclose(embedder.image(joints[1]), images[1], atol=1e-12)
    found = embedder.encode_motions(given)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [motion_reference(state, image) for image in images], atol=1e-9)
    assert (embedder.dimensions, embedder.name, embedder.skeleton) == (DIMENSIONS, "motionpatches", "t2m")


def test_texts_are_what_the_equations_give(made: Made) -> None:
    _, state, embedder = made
    words = {name.removeprefix("text_encoder.text_model."): value for name, value in state.items()}
    expected = [
        head(state, "text_projection", distilbert_reference(words, caption)[0]) for caption in CAPTIONS
    ]
    np.testing.assert_allclose(embedder.encode_texts([Text(each) for each in CAPTIONS]), expected, atol=1e-9)


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


@pytest.mark.parametrize("frames", [1, 5, 12, 13, 24, 30, 199])
def test_kit_is_brought_to_twenty_frames_a_second_as_published(frames: int) -> None:
    expected = []
    for second in range(frames // 12):
        expected += [12 * second + int(12.5 / 20 * step) for step in range(20)]
    last = 12 * (frames // 12)
    if frames % 12:
        expected += [
            last + int(12.5 / 20 * step) for step in range(20) if last + int(12.5 / 20 * step) < frames
        ]
    assert sampled(frames, KIT).tolist() == expected
    assert sampled(frames, T2M).tolist() == list(range(frames))


def test_kit_has_images_of_its_own_joints(tmp_path: Path) -> None:
    state = files(tmp_path, 21)
    embedder = MotionPatchesEmbedder(tmp_path, skeleton="kit")
    (clip,) = clips(251, (30,))
    joints = joints_from_features(clip, KIT).astype(np.float64)[sampled(30, KIT)]
    expected = motion_reference(state, image_reference(tmp_path, joints, "kit"))
    np.testing.assert_allclose(embedder.encode_motions([clip])[0], expected, atol=1e-9)


def test_a_buffer_of_older_checkpoints_is_passed_over(made: Made, tmp_path: Path) -> None:
    _, _, embedder = made
    state = files(tmp_path)
    assert MotionPatchesEmbedder(tmp_path).fingerprint == embedder.fingerprint
    buffer = {"text_encoder.text_model.embeddings.position_ids": torch.arange(64)[None]}
    torch.save(state | buffer, tmp_path / "best_model.pt")
    other = MotionPatchesEmbedder(tmp_path)
    texts = [Text(caption) for caption in CAPTIONS]
    np.testing.assert_allclose(other.encode_texts(texts), embedder.encode_texts(texts), atol=1e-12)
    assert other.fingerprint != embedder.fingerprint


def change(folder: Path, name: str, shape: tuple[int, ...] | None) -> None:
    state = torch.load(folder / "best_model.pt")
    if shape is None:
        del state[name]
    else:
        state[name] = torch.zeros(shape)
    torch.save(state, folder / "best_model.pt")


def keep(folder: Path, prefix: str) -> None:
    state = torch.load(folder / "best_model.pt")
    kept = {name: value for name, value in state.items() if not name.startswith(prefix)}
    torch.save(kept, folder / "best_model.pt")


VIT = "motion_encoder.model."
SPOILT = {
    "no checkpoint": (lambda folder: (folder / "best_model.pt").unlink(), r"looked for .*best_model.pt"),
    "no part": (
        lambda folder: keep(folder, "text_projection"),
        r"has no text_projection.\*; give the",
    ),
    "other part": (
        lambda folder: change(folder, "decoder.weight", (2,)),
        r"holds decoder.weight, which is",
    ),
    "patches": (
        lambda folder: change(folder, f"{VIT}patch_embed.proj.weight", (WIDTH, 3, 8, 8)),
        r"takes patches \(3, 8, 8\), not \(3, 16, 16\)",
    ),
    "places": (
        lambda folder: change(folder, f"{VIT}pos_embed", (1, 197, WIDTH)),
        r"has 197 places, images of 70 patches need 71",
    ),
    "width": (
        lambda folder: change(folder, f"{VIT}patch_embed.proj.weight", (100, 3, 16, 16)),
        r"width 100 is no multiple of 64",
    ),
    "classifier": (
        lambda folder: change(folder, f"{VIT}head.weight", (1000, WIDTH)),
        r"holds head.weight, which the network has not",
    ),
    "no norm": (lambda folder: change(folder, f"{VIT}fc_norm.bias", None), r"has no fc_norm.bias"),
    "words": (
        lambda folder: change(folder, "text_encoder.text_model.embeddings.LayerNorm.bias", None),
        r"best_model.pt: has no embeddings.LayerNorm.bias",
    ),
    "head": (
        lambda folder: change(folder, "motion_projection.projection.weight", (DIMENSIONS, 9)),
        r"projection.weight is \(6, 9\), not \(6, 128\)",
    ),
    "no mean": (
        lambda folder: (folder / "Mean_raw.npy").unlink(),
        r"Mean_raw.npy and Std_raw.npy are",
    ),
    "a mean of features": (
        lambda folder: np.save(folder / "Mean_raw.npy", np.zeros(263)),
        r"Mean_raw.npy: is \(263,\), \(22, 3\) is expected; give the file of this skeleton",
    ),
    "zero std": (
        lambda folder: np.save(folder / "Std_raw.npy", np.zeros((22, 3))),
        r"66 values are not",
    ),
    "no config": (
        lambda folder: (folder / "distilbert/config.json").unlink(),
        r"bert: has no config.json",
    ),
    "more words": (
        lambda folder: (folder / "distilbert/vocab.txt").write_text(
            (folder / "distilbert/vocab.txt").read_text() + "jump\n"
        ),
        r"the tokenizer has 19 words, the model 18",
    ),
}


@pytest.mark.parametrize("case", SPOILT)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, case: str) -> None:
    spoil, told = SPOILT[case]
    files(tmp_path)
    spoil(tmp_path)
    with pytest.raises(ValueError, match=told):
        MotionPatchesEmbedder(tmp_path)


def test_no_code_of_a_file_is_run(tmp_path: Path) -> None:
    files(tmp_path)
    torch.save({"logit_scale": Runs(tmp_path / "ran")}, tmp_path / "best_model.pt")
    with pytest.raises(ValueError, match=r"best_model.pt: cannot be read as weights"):
        MotionPatchesEmbedder(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_the_registry_loads_it(made: Made) -> None:
    from evaluators.embedders import embedder_of

    folder, _, loaded = made
    assert embedder_of(f"motionpatches:{folder}", "t2m").fingerprint == loaded.fingerprint
