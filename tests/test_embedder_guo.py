"""The embedder of Guo et al. against the equations written out, on random weights of the published form."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from embedder_files import Runs, State, clips, linear, norm, random_state
from numpy.typing import NDArray

from evaluators.embedders.base import Text, embed_motions, embed_texts
from evaluators.embedders.glove import Vocabulary, marks
from evaluators.embedders.guo import GuoEmbedder
from motion.tagging import tag

WORDS = ["a", "person", "man", "walk", "slowly", "left", "unk", "sos", "eos", "the"]
HIDDEN, WIDTH, MOTION, WORDY, DIMENSIONS = 10, 12, 14, 16, 8
LENGTHS = (4, 43, 117, 196, 230)
TEXTS = [
    Text("a man walks slowly", "a/DET man/NOUN walk/VERB slowly/ADV"),
    Text("walk", "walk/NOUN"),
    Text("someone leaves", "someone/PRON leave/VERB the/X the/DET"),
    Text("a long one", " ".join(["a/DET", "person/NOUN", "walk/VERB"] * 8)),
]
States = dict[str, State]
Made = tuple[Path, States, GuoEmbedder]


def checkpoint(features: int, seed: int = 1) -> States:
    """The three networks of a checkpoint, small but for the sizes that its inputs have."""

    def reader(width: int, hidden: int) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {
            "hidden": (2, 1, hidden),
            "input_emb.weight": (hidden, width),
            "input_emb.bias": (hidden,),
            "output_net.0.weight": (hidden, 2 * hidden),
            "output_net.0.bias": (hidden,),
            "output_net.1.weight": (hidden,),
            "output_net.1.bias": (hidden,),
            "output_net.3.weight": (DIMENSIONS, hidden),
            "output_net.3.bias": (DIMENSIONS,),
        }
        for way in ("l0", "l0_reverse"):
            for part in ("ih", "hh"):
                shapes |= {
                    f"gru.weight_{part}_{way}": (3 * hidden, hidden),
                    f"gru.bias_{part}_{way}": (3 * hidden,),
                }
        return shapes

    movements: dict[str, tuple[int, ...]] = {
        "main.0.weight": (HIDDEN, features, 4),
        "main.0.bias": (HIDDEN,),
        "main.3.weight": (WIDTH, HIDDEN, 4),
        "main.3.bias": (WIDTH,),
        "out_net.weight": (WIDTH, WIDTH),
        "out_net.bias": (WIDTH,),
    }
    texts = reader(300, WORDY) | {"pos_emb.weight": (300, 15), "pos_emb.bias": (300,)}
    return {
        "movement_encoder": random_state(movements, seed),
        "motion_encoder": random_state(reader(WIDTH, MOTION), seed + 1),
        "text_encoder": random_state(texts, seed + 2),
    }


def files(folder: Path, size: int, weights: str = ".", stats: str = ".", words: str = "glove") -> States:
    """A folder of the evaluator; what a published checkpoint holds beside is there as well."""
    states = checkpoint(size - 4)
    for place in (weights, stats, words):
        (folder / place).mkdir(parents=True, exist_ok=True)
    beside = {"opt_text_encoder": {"state": {}, "param_groups": [{"lr": 1e-4}]}, "epoch": 28, "iter": 1}
    torch.save(states | beside, folder / weights / "finest.tar")
    random = np.random.default_rng(4)
    np.save(folder / stats / "mean.npy", random.normal(size=size))
    np.save(folder / stats / "std.npy", random.uniform(0.5, 2, size=size))
    np.save(folder / words / "our_vab_data.npy", random.normal(size=(len(WORDS), 300)))
    (folder / words / "our_vab_words.pkl").write_bytes(pickle.dumps(WORDS))
    index = {word: row for row, word in enumerate(reversed(WORDS))}
    (folder / words / "our_vab_idx.pkl").write_bytes(pickle.dumps(index))
    return states


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("guo")
    states = files(folder, 263)
    return folder, states, GuoEmbedder(folder)


def leaky(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values > 0, values, 0.2 * values)


def convolved(state: State, name: str, frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every second frame from the four around it, zeros beyond the ends."""
    weight, bias = (state[f"{name}.{part}"].double().numpy() for part in ("weight", "bias"))
    around = np.pad(frames, ((1, 1), (0, 0)))
    rows = [
        bias + sum(weight[:, :, tap] @ around[2 * row + tap] for tap in range(4))
        for row in range(len(frames) // 2)
    ]
    return np.array(rows)


def one_way(state: State, way: str, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last state of a GRU (Cho et al. 2014, as torch has it), step by step."""

    def part(name: str) -> NDArray[np.float64]:
        return state[f"gru.{name}_{way}"].double().numpy()

    now = state["hidden"][1 if way.endswith("reverse") else 0, 0].double().numpy()
    for given in inputs[::-1] if way.endswith("reverse") else inputs:
        reset, update, new = np.split(part("weight_ih") @ given + part("bias_ih"), 3)
        back, keep, old = np.split(part("weight_hh") @ now + part("bias_hh"), 3)
        share = 1 / (1 + np.exp(-(update + keep)))
        fresh = np.tanh(new + old / (1 + np.exp(-(reset + back))))
        now = (1 - share) * fresh + share * now
    return now


def read(state: State, sequence: NDArray[np.float64]) -> NDArray[np.float64]:
    inputs = linear(state, "input_emb", sequence)
    both = np.concatenate([one_way(state, way, inputs) for way in ("l0", "l0_reverse")])
    inner = leaky(norm(state, "output_net.1", linear(state, "output_net.0", both), 1e-5))
    return linear(state, "output_net.3", inner)


def motion_reference(folder: Path, states: States, clip: NDArray[np.float32]) -> NDArray[np.float64]:
    mean, std = np.load(folder / "mean.npy"), np.load(folder / "std.npy")
    units = min(len(clip), 196) // 4
    frames = np.zeros((196, clip.shape[1]))
    frames[: 4 * units] = (clip[: 4 * units] - mean) / std
    state = states["movement_encoder"]
    movements = leaky(convolved(state, "main.3", leaky(convolved(state, "main.0", frames[:, :-4]))))
    return read(states["motion_encoder"], linear(state, "out_net", movements)[:units])


def text_reference(folder: Path, states: States, tags: str) -> NDArray[np.float64]:
    vectors = np.load(folder / "glove/our_vab_data.npy")
    row = {word: place for place, word in enumerate(reversed(WORDS))}
    order = "VERB NOUN DET ADP NUM AUX PRON ADJ ADV Loc Body Obj Act Desc OTHER".split()
    own = {"walk": "Act", "slowly": "Desc", "left": "Loc"}
    found = []
    for entry in ["sos/OTHER", *tags.split()[:20], "eos/OTHER"]:
        word, kind = entry.split("/")
        kind = own.get(word, kind if kind in order else "OTHER") if word in row else "OTHER"
        one_hot = np.eye(15)[order.index(kind)]
        found.append(vectors[row.get(word, row["unk"])] + linear(states["text_encoder"], "pos_emb", one_hot))
    return read(states["text_encoder"], np.array(found))


def test_motions_are_what_the_equations_give(made: Made) -> None:
    folder, states, embedder = made
    given = clips(263, LENGTHS)
    found = embedder.encode_motions(given)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [motion_reference(folder, states, clip) for clip in given], atol=1e-10)
    assert (embedder.dimensions, embedder.name, embedder.skeleton) == (DIMENSIONS, "guo", "t2m")


def test_texts_are_what_the_equations_give(made: Made) -> None:
    folder, states, embedder = made
    expected = [text_reference(folder, states, text.tags) for text in TEXTS]
    np.testing.assert_allclose(embedder.encode_texts(TEXTS), expected, atol=1e-10)


def test_a_vector_depends_on_its_own_input_only(made: Made) -> None:
    _, _, embedder = made
    given = clips(263, LENGTHS)
    alone = np.concatenate([embedder.encode_motions([clip]) for clip in given])
    assert abs(embedder.encode_motions(given) - alone).max() < 1e-12
    alone = np.concatenate([embedder.encode_texts([text]) for text in TEXTS])
    assert abs(embedder.encode_texts(TEXTS) - alone).max() < 1e-12
    assert (embed_motions(embedder, given, 1) == embed_motions(embedder, given, 5)).all()
    assert (embed_texts(embedder, TEXTS, 1) == embed_texts(embedder, TEXTS, 3)).all()


def test_contacts_and_frames_beyond_the_last_unit_are_not_read(made: Made) -> None:
    _, _, embedder = made
    (clip,) = clips(263, (43,))
    other = clip.copy()
    other[:, -4:] = 9
    other[40:] = 9
    first, second = embedder.encode_motions([clip, other])
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_a_text_without_tags_is_tagged(made: Made) -> None:
    _, _, embedder = made
    caption = "A man walks slowly to the left."
    plain, tagged = embedder.encode_texts([Text(caption), Text("", tag(caption))])
    np.testing.assert_allclose(plain, tagged, atol=1e-12)
    assert len(embedder.encode_texts([Text("42")])) == 1  # no word: sos and eos remain


def test_marks_are_the_published_ones() -> None:
    found = marks()
    assert len(found.names) == 15
    assert [found.of("jump", "NOUN"), found.of("knee", "NOUN"), found.of("the", "DET")] == [12, 10, 2]
    assert found.of("the", "PUNCT") == 14
    assert len(found.own) == 81


def test_an_unknown_word_has_neither_vector_nor_mark_of_its_own(made: Made) -> None:
    folder, _, _ = made
    vocabulary = Vocabulary.load(folder / "glove", 300)
    vectors, found = vocabulary.encoded([("jump", "VERB"), ("walk", "NOUN")])
    assert (vectors[1] == vocabulary.vectors[vocabulary.rows["unk"]]).all()
    assert found.argmax(axis=1).tolist() == [14, 14, 12, 14]  # jump is marked only where it is known


def test_the_published_places_of_kit(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints/kit"
    words = tmp_path / "glove"
    states = files(folder, 251, "text_mot_match/model", "Comp_v6_KLD005/meta")
    shutil.move(folder / "glove", words)
    embedder = GuoEmbedder(folder, skeleton="kit")
    (clip,) = clips(251, (60,))
    flat = tmp_path / "flat"
    files(flat, 251)
    expected = motion_reference(flat, states, clip)
    np.testing.assert_allclose(embedder.encode_motions([clip])[0], expected, atol=1e-10)
    assert GuoEmbedder(flat, skeleton="kit").fingerprint == embedder.fingerprint
    with pytest.raises(ValueError, match=r"mean.npy: is \(251,\), \(263,\) is expected"):
        GuoEmbedder(folder, skeleton="t2m")


def test_the_fingerprint_is_that_of_the_files(made: Made, tmp_path: Path) -> None:
    _, _, embedder = made
    files(tmp_path, 263)
    assert GuoEmbedder(tmp_path).fingerprint == embedder.fingerprint
    np.save(tmp_path / "std.npy", np.ones(263))
    assert GuoEmbedder(tmp_path).fingerprint != embedder.fingerprint


def spoil_checkpoint(folder: Path, **changes: object) -> None:
    torch.save(torch.load(folder / "finest.tar") | changes, folder / "finest.tar")


def spoil_network(folder: Path, network: str, name: str, shape: tuple[int, ...] | None) -> None:
    state = torch.load(folder / "finest.tar")[network]
    if shape is None:
        del state[name]
    else:
        state[name] = torch.zeros(shape)
    spoil_checkpoint(folder, **{network: state})


SPOILT = {
    "no folder": (lambda folder: shutil.rmtree(folder), r"no such folder"),
    "no checkpoint": (lambda folder: (folder / "finest.tar").unlink(), r"looked for .*text_mot_match"),
    "cut short": (
        lambda folder: (folder / "finest.tar").write_bytes(b"PK\x03\x04"),
        r"tar: cannot be read",
    ),
    "a list": (lambda folder: torch.save([1], folder / "finest.tar"), r"finest.tar: holds no checkpoint"),
    "no network": (
        lambda folder: torch.save({"movement_encoder": {}}, folder / "finest.tar"),
        r"has no motion_encoder, text_encoder; give finest.tar of text_mot_match",
    ),
    "no state": (
        lambda folder: spoil_checkpoint(folder, text_encoder=3),
        r"text_encoder: holds no state",
    ),
    "no weight": (
        lambda folder: spoil_network(folder, "text_encoder", "gru.bias_hh_l0", None),
        r"has no gru.bias_hh_l0; give the file as it was published",
    ),
    "a weight more": (
        lambda folder: spoil_network(folder, "motion_encoder", "linear2.weight", (2, 2)),
        r"holds linear2.weight, which the network has not",
    ),
    "a shape": (
        lambda folder: spoil_network(folder, "motion_encoder", "gru.bias_hh_l0", (3,)),
        r"gru.bias_hh_l0 is \(3,\), not \(42,\)",
    ),
    "features": (
        lambda folder: spoil_network(folder, "movement_encoder", "main.0.weight", (HIDDEN, 247, 4)),
        r"takes 247 features a frame, there are 259",
    ),
    "movements": (
        lambda folder: spoil_network(folder, "motion_encoder", "input_emb.weight", (MOTION, 9)),
        r"takes 9 numbers a movement, the movement encoder gives 12",
    ),
    "marks": (
        lambda folder: spoil_network(folder, "text_encoder", "pos_emb.weight", (300, 14)),
        r"knows 14 marks of words, not 15",
    ),
    "no std": (
        lambda folder: (folder / "std.npy").unlink(),
        r"and std.npy are missing, looked in .*KLD01",
    ),
    "zero std": (lambda folder: np.save(folder / "std.npy", np.zeros(263)), r"263 values are not above zero"),
    "objects": (
        lambda folder: np.save(folder / "mean.npy", np.array([{}] * 263), allow_pickle=True),
        r"mean.npy: cannot be read as an array",
    ),
    "no words": (lambda folder: (folder / "glove/our_vab_idx.pkl").unlink(), r"our_vab_idx.pkl: is missing"),
    "vectors": (
        lambda folder: np.save(folder / "glove/our_vab_data.npy", np.zeros((10, 50))),
        r"our_vab_data.npy: is \(10, 50\), \('N', 300\) is expected",
    ),
    "rows": (
        lambda folder: np.save(folder / "glove/our_vab_data.npy", np.zeros((9, 300))),
        r"our_vab_idx.pkl: gives words no rows of our_vab_data.npy, which has 9",
    ),
    "word list": (
        lambda folder: (folder / "glove/our_vab_words.pkl").write_bytes(pickle.dumps({"a": 1})),
        r"our_vab_words.pkl: is no list of words",
    ),
    "no unk": (
        lambda folder: (folder / "glove/our_vab_words.pkl").write_bytes(pickle.dumps(["a"])),
        r"has no row for 'unk'",
    ),
    "a word more": (
        lambda folder: (folder / "glove/our_vab_words.pkl").write_bytes(pickle.dumps(["unk", "zebra"])),
        r"has no row for 'zebra'",
    ),
}


@pytest.mark.parametrize("case", SPOILT)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, case: str) -> None:
    spoil, told = SPOILT[case]
    folder = tmp_path / "guo"
    files(folder, 263)
    spoil(folder)
    with pytest.raises(ValueError, match=told):
        GuoEmbedder(folder)


@pytest.mark.parametrize("name", ["finest.tar", "glove/our_vab_words.pkl", "glove/our_vab_idx.pkl"])
def test_no_code_of_a_file_is_run(tmp_path: Path, name: str) -> None:
    files(tmp_path, 263)
    harmful = Runs(tmp_path / "ran")
    if name.endswith(".tar"):
        torch.save({"text_encoder": harmful}, tmp_path / name)
    else:
        (tmp_path / name).write_bytes(pickle.dumps([harmful]))
    with pytest.raises(ValueError, match=name):
        GuoEmbedder(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_wrong_requests_are_refused(made: Made) -> None:
    folder, _, embedder = made
    with pytest.raises(ValueError, match="was published for t2m and kit"):
        GuoEmbedder(folder, skeleton="smpl")
    with pytest.raises(ValueError, match="'man' is not word/TAG; mend them or leave them out"):
        embedder.encode_texts([Text("a man", "a/DET man")])
    with pytest.raises(ValueError, match="3 frames, the embedder guo needs 4"):
        embed_motions(embedder, clips(263, (3,)))


def test_the_registry_loads_it(made: Made) -> None:
    from evaluators.embedders import embedder_of

    folder, _, loaded = made
    assert embedder_of(f"guo:{folder}", "t2m").fingerprint == loaded.fingerprint
