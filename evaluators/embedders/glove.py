"""Words of the evaluator of Guo et al. (CVPR 2022): GloVe vectors with marks, in their published form.

FOLDER/our_vab_data.npy   vectors (V, 300)
FOLDER/our_vab_words.pkl  list of the words
FOLDER/our_vab_idx.pkl    word -> row of its vector

The two pickles are read by an unpickler that builds strings, numbers, lists and dictionaries only.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from evaluators.embedders.published import GIVE, load_array

FILES = ("our_vab_data.npy", "our_vab_words.pkl", "our_vab_idx.pkl")
LONGEST = 20  # words of a text that count, without the two that frame it
START, END, UNKNOWN, OTHER = "sos", "eos", "unk", "OTHER"


class _Plain(pickle.Unpickler):
    """Refuses every class and function, so that no code of the file can run."""

    def find_class(self, module: str, name: str) -> Any:
        """Called where a pickle names a class or a function."""
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        """Called where a pickle refers to something outside of it."""
        raise pickle.UnpicklingError("it refers to something outside of it")


def plain_pickle(path: Path) -> Any:
    """The value of a pickle of strings, numbers, lists and dictionaries; ValueError for any other."""
    try:
        with path.open("rb") as file:
            return _Plain(file).load()
    except Exception as error:  # a broken pickle raises whatever its bytes lead to
        raise ValueError(f"{path}: is no pickle of plain words and numbers ({error}); {GIVE}") from error


@dataclass(frozen=True)
class Marks:
    """The marks in the order of their one-hot positions, and the words that have one of their own."""

    names: tuple[str, ...]
    own: Mapping[str, str]

    def of(self, word: str, tag: str) -> int:
        """Position of the mark of a known word with a part-of-speech tag."""
        name = self.own.get(word, tag)
        return self.names.index(name if name in self.names else OTHER)


@lru_cache(maxsize=1)
def marks() -> Marks:
    """The published marks, from guo_words.yaml."""
    data = resources.files("evaluators").joinpath("embedders/guo_words.yaml").read_bytes()
    values = yaml.safe_load(data)
    own = {word: name for name, words in values["words"].items() for word in words}
    return Marks(tuple(values["marks"]), own)


@dataclass(frozen=True)
class Vocabulary:
    """Vectors (V, D) in float64 and the row of each word."""

    vectors: NDArray[np.float64]
    rows: Mapping[str, int]

    @classmethod
    def load(cls, folder: Path, dimensions: int) -> Vocabulary:
        """Read a folder of the published files; ValueError names the one that does not fit.

        `dimensions`: size of a vector that the text encoder takes.
        """
        data, words_path, rows_path = (folder / name for name in FILES)
        for path in (data, words_path, rows_path):
            if not path.is_file():
                raise ValueError(f"{path}: is missing; put the published GloVe files there")
        vectors = load_array(data, (None, dimensions))
        words, index = plain_pickle(words_path), plain_pickle(rows_path)
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
            raise ValueError(f"{words_path}: is no list of words; {GIVE}")
        if not isinstance(index, dict) or not all(_is_row(row, len(vectors)) for row in index.values()):
            raise ValueError(
                f"{rows_path}: gives words no rows of {data.name}, which has {len(vectors)}; "
                f"give the three files of one publication"
            )
        missing = [word for word in [*words, UNKNOWN] if word not in index]
        if missing or UNKNOWN not in words:
            raise ValueError(
                f"{rows_path}: has no row for {(missing or [UNKNOWN])[0]!r}; "
                f"give the three files of one publication"
            )
        return cls(vectors, {word: index[word] for word in words})

    def encoded(self, tokens: Sequence[tuple[str, str]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Vectors (L, D) and one-hot marks (L, 15) of words with tags, framed; L is at most 22.

        As published: the first 20 words count; an unknown word is `unk` and has the mark OTHER.
        """
        found = marks()
        framed = [(START, OTHER), *tokens[:LONGEST], (END, OTHER)]
        rows = [self.rows.get(word, self.rows[UNKNOWN]) for word, _ in framed]
        places = [
            found.of(word, tag) if word in self.rows else found.names.index(OTHER) for word, tag in framed
        ]
        return self.vectors[rows], np.eye(len(found.names))[places]


def _is_row(row: Any, count: int) -> bool:
    return type(row) is int and 0 <= row < count


def tagged_words(tags: str) -> list[tuple[str, str]]:
    """Words with their tags out of "word/POS word/POS"; ValueError names an entry of another form."""
    found = []
    for entry in tags.split():
        word, mark, tag = entry.rpartition("/")
        if not mark or not word or not tag:
            raise ValueError(f"tags {tags!r}: {entry!r} is not word/TAG; mend them or leave them out")
        found.append((word, tag))
    return found
