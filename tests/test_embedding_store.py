"""The store of embeddings: each input once, and vectors that depend on their input alone."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.embedders.base import GRID, Clip, Text, Vectors, embed_motions, embed_texts
from evaluators.embedding_store import EmbeddingStore, fitted
from motion.skeleton import KIT, T2M

SIZE = T2M.feature_size


class Projector:
    """A small embedder: letter pairs and padded frames through fixed projections, a batch at a time.

    As in a network, the sums of a batch depend in their last digits on the batch's size and padding.
    """

    name, skeleton, dimensions, fingerprint = "projector", "t2m", 6, "projector 1"

    def __init__(self, min_frames: int = 8) -> None:
        self.min_frames = min_frames
        self.texts: list[Text] = []
        self.clips: list[bytes] = []
        rng = np.random.default_rng(0)
        self._of_letters = rng.normal(size=(64, self.dimensions))
        self._of_frames = rng.normal(size=(SIZE, self.dimensions))

    def encode_texts(self, texts: Sequence[Text]) -> Vectors:
        self.texts += texts
        letters = np.zeros((len(texts), 64))
        for row, text in zip(letters, texts, strict=True):
            whole = f"{text.caption}|{text.tags}"
            for place in range(len(whole) - 1):
                row[zlib.crc32(whole[place : place + 2].encode()) % 64] += 1 / len(whole)
        return letters @ self._of_letters

    def encode_motions(self, clips: Sequence[Clip]) -> Vectors:
        self.clips += [clip.tobytes() for clip in clips]
        longest = max(len(clip) for clip in clips)
        padded = np.zeros((len(clips), longest, SIZE))
        for place, clip in zip(padded, clips, strict=True):
            place[: len(clip)] = clip
        lengths = np.array([len(clip) for clip in clips])
        return np.tanh(padded @ self._of_frames).sum(axis=1) / np.sqrt(lengths)[:, None]


def clip(seed: int, frames: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.normal(size=(frames, SIZE)) + 0.01 * rng.normal(size=SIZE)).astype(np.float32)


CLIPS = [clip(seed, frames) for seed, frames in enumerate((40, 41, 60, 199, 40, 77, 120, 8, 5, 300))]
TEXTS = [Text(f"a person {verb}") for verb in "walks runs jumps bows kneels turns sits".split()]
TEXTS += [Text("a person walks", "a/DET person/NOUN walk/VERB"), Text("walks"), Text("人が歩く")]


def test_each_input_is_embedded_once() -> None:
    embedder = Projector()
    store = EmbeddingStore(embedder)
    vectors = store.motions([CLIPS[0], CLIPS[1], CLIPS[0], CLIPS[0].astype(np.float64)])
    again = store.motions([CLIPS[2], CLIPS[0]])
    assert len(embedder.clips) == len(set(embedder.clips)) == 3
    np.testing.assert_array_equal(vectors[[0, 0, 0]], vectors[[2, 3, 0]])
    np.testing.assert_array_equal(again[1], vectors[0])
    store.texts([TEXTS[0], TEXTS[1], TEXTS[0]])
    store.texts(TEXTS)
    assert sorted(embedder.texts, key=repr) == sorted(TEXTS, key=repr)
    assert store.embedded == 3 + len(TEXTS)


def test_motions_that_are_fitted_alike_are_one_input() -> None:
    """What is cut off is not seen: only whole units of four frames are embedded."""
    embedder = Projector()
    store = EmbeddingStore(embedder)
    vectors = store.motions([CLIPS[1], CLIPS[1][:40], CLIPS[9], CLIPS[9][:196]])
    assert store.embedded == len(embedder.clips) == 2
    np.testing.assert_array_equal(vectors[[0, 2]], vectors[[1, 3]])


@settings(max_examples=40)
@given(data=st.data(), batch=st.integers(1, 12))
def test_order_batches_and_shards_do_not_matter(data: Any, batch: int) -> None:
    rows = data.draw(st.permutations(range(len(CLIPS))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    expected = [EmbeddingStore(Projector()).motions([each])[0] for each in CLIPS]
    texts = [EmbeddingStore(Projector()).texts([each])[0] for each in TEXTS]
    store = EmbeddingStore(Projector(), batch)
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        shard = rows[start:end]
        found = store.motions([CLIPS[row] for row in shard])
        assert found.shape == (len(shard), Projector.dimensions)
        np.testing.assert_array_equal(found, np.array([expected[row] for row in shard]).reshape(found.shape))
        found = store.texts([TEXTS[row] for row in shard])
        np.testing.assert_array_equal(found, np.array([texts[row] for row in shard]).reshape(found.shape))


def test_vectors_lie_on_the_grid_and_near_what_the_embedder_gave() -> None:
    embedder = Projector()
    fit = [fitted(each, 8, 199) for each in CLIPS]
    for found, raw in (
        (EmbeddingStore(embedder).motions(CLIPS), embedder.encode_motions(fit)),
        (EmbeddingStore(embedder).texts(TEXTS), embedder.encode_texts(TEXTS)),
    ):
        np.testing.assert_array_equal(found / GRID, np.rint(found / GRID))
        np.testing.assert_allclose(found, raw, atol=GRID / 2 + 1e-9)
        assert len(np.unique(found, axis=0)) == len(found), "different inputs, different vectors"


def test_captions_with_other_tags_are_other_texts() -> None:
    embedder = Projector()
    plain, tagged = embed_texts(embedder, [TEXTS[0], TEXTS[7]])
    assert TEXTS[0].caption == TEXTS[7].caption
    assert not np.array_equal(plain, tagged)


@settings(max_examples=60)
@given(frames=st.integers(1, 260), least=st.integers(1, 60), most=st.integers(64, 220))
def test_fitted_motions_are_whole_units_within_the_bounds(frames: int, least: int, most: int) -> None:
    features = clip(0, frames)
    found = fitted(features, least, most)
    assert found.dtype == np.float32
    assert len(found) % 4 == 0
    assert least <= len(found) <= most
    kept = min(frames, len(found))
    np.testing.assert_array_equal(found[:kept], features[:kept])
    np.testing.assert_array_equal(found[kept:], np.repeat(features[-1:], len(found) - kept, axis=0))
    if least <= frames <= most:
        assert frames - 4 < len(found) < frames + 4
    np.testing.assert_array_equal(fitted(found, least, most), found)


@pytest.mark.parametrize(
    ("frames", "least", "most", "length"),
    [
        (40, 40, 199, 40),
        (43, 40, 199, 40),
        (44, 40, 199, 44),
        (39, 40, 199, 40),
        (1, 40, 199, 40),
        (199, 40, 199, 196),
        (500, 40, 199, 196),
        (5, 6, 199, 8),
        (3, 1, 199, 4),
        (300, 24, 299, 296),
    ],
)
def test_lengths_of_fitted_motions(frames: int, least: int, most: int, length: int) -> None:
    assert len(fitted(clip(0, frames), least, most)) == length


def test_nothing_is_embedded_as_nothing() -> None:
    store = EmbeddingStore(Projector())
    assert store.motions([]).shape == store.texts([]).shape == (0, Projector.dimensions)
    assert store.embedded == 0


def spoilt(value: float) -> np.ndarray:
    features = CLIPS[2].copy()
    features[7, 100] = value
    return features


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (spoilt(np.nan), "clip 3: holds NaN or infinite values; leave it out"),
        (spoilt(-np.inf), "clip 3: holds NaN or infinite values"),
        (
            np.zeros((40, KIT.feature_size)),
            r"clip 3: features \(40, 251\), the embedder projector takes \(T, 263",
        ),
        (np.zeros(263), r"clip 3: features \(263,\)"),
        (np.zeros((0, 263)), "clip 3: 0 frames, the embedder projector needs 1"),
    ],
)
def test_a_motion_that_cannot_be_embedded_is_named(bad: np.ndarray, message: str) -> None:
    """By its place among those that were given, also where others were embedded before."""
    store = EmbeddingStore(Projector())
    store.motions(CLIPS[:2])
    with pytest.raises(ValueError, match=message):
        store.motions([*CLIPS[:3], bad])
    assert store.embedded == 2
    np.testing.assert_array_equal(store.motions(CLIPS[:3]), EmbeddingStore(Projector()).motions(CLIPS[:3]))


def test_a_motion_too_short_for_the_embedder_is_named() -> None:
    with pytest.raises(ValueError, match="clip 1: 7 frames, the embedder projector needs 8"):
        embed_motions(Projector(), [CLIPS[0], CLIPS[0][:7]])
    with pytest.raises(ValueError, match="a motion without frames"):
        fitted(CLIPS[0][:0], 8, 199)


@pytest.mark.parametrize("caption", ["", "  ", "?!", "..."])
def test_a_text_without_a_word_is_named(caption: str) -> None:
    with pytest.raises(ValueError, match=r"text 1, .*: holds no word; leave it out"):
        EmbeddingStore(Projector()).texts([TEXTS[0], Text(caption)])
