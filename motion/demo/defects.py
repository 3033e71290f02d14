"""The defects of real data, put into a finished demo dataset and listed in defects.jsonl."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motion.mirror_text import mirror_text
from motion.seeds import generator
from motion.skeleton import Skeleton
from motion.tagging import tag

Detail = dict[str, object]

_LONG_CAPTION = 4000  # characters


@dataclass(frozen=True)
class _Place:
    """One clip of a dataset folder."""

    root: Path
    body: Skeleton
    id: str

    @property
    def vectors(self) -> Path:
        return self.root / "new_joint_vecs" / f"{self.id}.npy"

    @property
    def joints(self) -> Path:
        return self.root / "new_joints" / f"{self.id}.npy"

    @property
    def text(self) -> Path:
        return self.root / "texts" / f"{self.id}.txt"

    def lines(self) -> list[str]:
        return self.text.read_text(encoding="utf-8").splitlines()


def add_defects(output: Path, body: Skeleton, ids: list[str], seed: int) -> set[str]:
    """Spoil one clip for each kind of defect, write defects.jsonl (id, defect, detail), return their ids.

    A defect of one caption leaves the clip's other captions as they are. ValueError for too few clips.
    """
    if len(ids) < 2 * len(_DEFECTS):
        raise ValueError(f"{len(ids)} motions are too few for defects: give at least {2 * len(_DEFECTS)}")
    shuffled = list(generator("demo defects", seed).permutation(sorted(ids)))
    free = [_Place(output, body, str(motion_id)) for motion_id in shuffled]
    rows: list[Detail] = []
    for name, spoil in _DEFECTS.items():
        place = next(p for p in free if name != "swapped_side" or _sided_line(p) is not None)
        free.remove(place)
        rows.append({"id": place.id, "defect": name, "detail": spoil(place)})
    rows.append(_name_missing_files(output, ids))
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (output / "defects.jsonl").write_text(text, encoding="utf-8")
    return {str(row["id"]) for row in rows}


def _name_missing_files(output: Path, ids: list[str]) -> Detail:
    """A split names an id that has no files."""
    numbers = [motion_id.lstrip("M") for motion_id in ids]
    absent = f"{max(map(int, numbers)) + 1:0{len(numbers[0])}d}"
    for name in ("train", "all"):
        with (output / f"{name}.txt").open("a", encoding="utf-8") as file:
            file.write(f"{absent}\n")
    return {"id": absent, "defect": "missing_files", "detail": {"split": "train"}}


def _nan_clip(place: _Place) -> Detail:
    features, joints = np.load(place.vectors), np.load(place.joints)
    frame = len(features) // 2
    features[frame], joints[frame] = np.nan, np.nan
    np.save(place.vectors, features)
    np.save(place.joints, joints)
    return {"frame": frame}


def _missing_text(place: _Place) -> Detail:
    place.text.unlink()
    return {}


def _sided_line(place: _Place) -> int | None:
    captions = [line.split("#")[0] for line in place.lines()]
    return next((i for i, text in enumerate(captions) if mirror_text(text) != text), None)


def _swapped_side(place: _Place) -> Detail:
    index = _sided_line(place)
    if index is None:
        raise ValueError(f"{place.text}: no caption names a side, so none can be swapped")
    return _respell(place, index, mirror_text(place.lines()[index].split("#")[0]))


def _segment_reversed(place: _Place) -> Detail:
    lines = place.lines()
    text, tags, *_ = lines[-1].split("#")
    lines[-1] = f"{text}#{tags}#1.9#0.4"
    _write(place, lines)
    return {"caption": len(lines) - 1, "from": 1.9, "to": 0.4}


def _too_short(place: _Place) -> Detail:
    return _lengthen(place, place.body.min_frames - 5)


def _too_long(place: _Place) -> Detail:
    return _lengthen(place, place.body.max_frames + 15)


def _lengthen(place: _Place, frames: int) -> Detail:
    for path in (place.vectors, place.joints):
        array = np.load(path)
        repeated = np.concatenate([array] * (1 + frames // len(array)))
        np.save(path, repeated[:frames])
    return {"frames": frames}


def _truncated_npy(place: _Place) -> Detail:
    data = place.vectors.read_bytes()
    place.vectors.write_bytes(data[: len(data) // 2])
    return {"bytes": len(data) // 2}


def _pickled_array(place: _Place) -> Detail:
    rows = np.load(place.vectors).tolist()
    boxed = np.empty(len(rows), dtype=object)
    boxed[:] = rows
    np.save(place.vectors, boxed, allow_pickle=True)
    return {}


def _caption_hash(place: _Place) -> Detail:
    words = place.lines()[0].split("#")[0].split(" ")
    return _respell(place, 0, " ".join([*words[:2], "#", *words[2:]]))


def _caption_line_break(place: _Place) -> Detail:
    words = place.lines()[0].split("#")[0].split(" ")
    return _respell(place, 0, " ".join(words[:2]) + "\n" + " ".join(words[2:]))


def _caption_too_long(place: _Place) -> Detail:
    text = place.lines()[0].split("#")[0].rstrip(".")
    again = f"{text} and then "
    return _respell(place, 0, (again * (1 + _LONG_CAPTION // len(again)))[:_LONG_CAPTION])


def _wrong_feature_size(place: _Place) -> Detail:
    features = np.load(place.vectors)[:, :-4]
    np.save(place.vectors, features)
    return {"size": features.shape[1]}


def _respell(place: _Place, index: int, text: str) -> Detail:
    respell(place.text, index, text)
    return {"caption": index}


def respell(path: Path, index: int, text: str) -> None:
    """Give one caption of a text file another text, with the tags that fit it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    since, until = lines[index].split("#")[2:]
    lines[index] = f"{text}#{tag(text)}#{since}#{until}"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _write(place: _Place, lines: list[str]) -> None:
    place.text.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


_DEFECTS: dict[str, Callable[[_Place], Detail]] = {
    "nan_clip": _nan_clip,
    "missing_text": _missing_text,
    "swapped_side": _swapped_side,
    "segment_reversed": _segment_reversed,
    "too_short": _too_short,
    "too_long": _too_long,
    "truncated_npy": _truncated_npy,
    "pickled_array": _pickled_array,
    "caption_hash": _caption_hash,
    "caption_line_break": _caption_line_break,
    "caption_too_long": _caption_too_long,
    "wrong_feature_size": _wrong_feature_size,
}
