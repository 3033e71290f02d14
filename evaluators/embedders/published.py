"""What the published evaluators' embedders share: reading their files, and saying plainly what is wrong.

Checkpoints are read without running what they hold: `torch.load(weights_only=True)`, `numpy.load` without
pickles. A network takes a state dict only when every key and every shape fits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evaluators.embedders.base import Vectors
from schemas.storage import file_digest

State = Mapping[str, Tensor]
GIVE = "give the file as it was published"  # what most messages end with


def first_of(folder: Path, names: Sequence[str]) -> Path:
    """The first of these files or folders that a folder holds; ValueError names where it was looked for."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; give the folder of the evaluator's files")
    for name in names:
        path = folder / name
        if path.exists():
            return path
    places = ", ".join(str(folder / name) for name in names)
    raise ValueError(f"{folder}: a file is missing, looked for {places}; put it there, see docs/embedders.md")


def all_in(folder: Path, places: Sequence[str], names: Sequence[str]) -> list[Path]:
    """These files out of the first place that holds all of them, so that no two publications mix."""
    for place in places:
        paths = [folder / place / name for name in names]
        if all(path.is_file() for path in paths):
            return paths
    looked = ", ".join(str(folder / place) for place in places)
    raise ValueError(
        f"{folder}: {' and '.join(names)} are missing, looked in {looked}; put both into one of them, "
        f"see docs/embedders.md"
    )


def load_torch(path: Path) -> Any:
    """What a file written by torch.save holds: tensors, numbers, words and containers of them.

    ValueError for a file that is none, is cut short or holds objects of other classes.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what its readers raise: pickle, zip, run-time errors
        raise ValueError(f"{path}: cannot be read as weights ({_first_line(error)}); {GIVE}") from error


def as_state(value: Any, path: Path, part: str = "") -> State:
    """A value as a state dict, names to tensors; ValueError otherwise."""
    what = f"{path}, {part}" if part else str(path)
    if not isinstance(value, dict) or not value:
        raise ValueError(f"{what}: holds no state dict; {GIVE}")
    wrong = [name for name, held in value.items() if not (isinstance(name, str) and torch.is_tensor(held))]
    if wrong:
        raise ValueError(f"{what}: {wrong[0]!r} is no tensor; {GIVE}")
    return value


def part_of(state: State, prefix: str) -> dict[str, Tensor]:
    """The entries of one sub-network, their names without its prefix."""
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def shape_of(state: State, name: str, dimensions: int, path: Path) -> tuple[int, ...]:
    """Shape of a tensor that networks are sized by; ValueError if it is missing or of another rank."""
    if name not in state:
        raise ValueError(f"{path}: has no {name}; {GIVE}")
    shape = tuple(state[name].shape)
    if len(shape) != dimensions or 0 in shape:
        raise ValueError(f"{path}: {name} is {shape}, {dimensions} dimensions are expected")
    return shape


def fill(module: nn.Module, state: State, path: Path, ignored: Iterable[str] = ()) -> None:
    """Put a state dict into a network, which becomes float64 and is set to evaluate.

    ValueError names keys that are missing or not the network's, of another shape or with values not finite.
    """
    own = module.state_dict()
    given = {name: value for name, value in state.items() if name not in set(ignored)}
    faults = [f"has no {name}" for name in own if name not in given]
    faults += [f"holds {name}, which the network has not" for name in given if name not in own]
    faults += [
        f"{name} is {tuple(value.shape)}, not {tuple(own[name].shape)}"
        for name, value in given.items()
        if name in own and value.shape != own[name].shape
    ]
    faults += [f"{name} holds NaN or infinite values" for name in given if not given[name].isfinite().all()]
    if faults:
        more = f" and {len(faults) - 4} faults more" if len(faults) > 4 else ""
        raise ValueError(f"{path}: {'; '.join(faults[:4])}{more}; {GIVE}")
    module.to(torch.float64)
    module.load_state_dict(given)
    module.eval().requires_grad_(False)


def load_array(path: Path, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """Numbers of an .npy file in float64; None in the shape stands for any length. ValueError otherwise."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path}: cannot be read as an array ({_first_line(error)}); {GIVE}") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise ValueError(f"{path}: holds no array of numbers; {GIVE}")
    return _checked(array, path, shape)


def load_tensor(path: Path, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """One tensor of a file written by torch.save, as an array in float64; ValueError otherwise."""
    value = load_torch(path)
    if not torch.is_tensor(value):
        raise ValueError(f"{path}: holds no tensor; {GIVE}")
    return _checked(value.double().numpy(), path, shape)


def _checked(array: NDArray[Any], path: Path, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    fits = array.ndim == len(shape) and all(
        wanted in (None, size) for wanted, size in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = tuple("N" if size is None else size for size in shape)
        raise ValueError(f"{path}: is {array.shape}, {wanted} is expected; give the file of this skeleton")
    if not np.isfinite(array).all():
        raise ValueError(f"{path}: holds NaN or infinite values; {GIVE}")
    return array.astype(np.float64)


def check_positive(std: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    """A standard deviation to divide by; ValueError if a value of it is not above zero."""
    if not (std > 0).all():
        raise ValueError(f"{path}: {int((std <= 0).sum())} values are not above zero; give a std, not a mean")
    return std


def digests(paths: Iterable[Path]) -> list[str]:
    """SHA-256 of each file, in the order of the paths."""
    return [file_digest(path) for path in paths]


def positions(length: int, width: int) -> Tensor:
    """Sinusoids of the position (Vaswani et al. 2017) as (L, W) in float64, computed in float32.

    The published networks were trained with the float32 values.
    """
    rates = torch.exp(torch.arange(0, width, 2).float() * (-math.log(10000.0) / width))
    angles = torch.arange(length).float()[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width].double()


def padded(arrays: Sequence[NDArray[np.float64]], device: str) -> tuple[Tensor, Tensor]:
    """Arrays (L, W) as one tensor (N, max L, W), zeros behind, and the mask (N, max L) of what is theirs."""
    longest = max(len(array) for array in arrays)
    values = np.zeros((len(arrays), longest, arrays[0].shape[1]))
    mask = np.zeros((len(arrays), longest), bool)
    for row, array in enumerate(arrays):
        values[row, : len(array)] = array
        mask[row, : len(array)] = True
    return torch.from_numpy(values).to(device), torch.from_numpy(mask).to(device)


def unit(vectors: Tensor) -> Vectors:
    """Vectors (N, D) scaled to length one, as an array: Euclidean order is then that of cosines."""
    return to_array(nn.functional.normalize(vectors, dim=-1))


def to_array(vectors: Tensor) -> Vectors:
    """Vectors (N, D) as an array in float64."""
    return np.asarray(vectors.cpu().numpy(), np.float64)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
