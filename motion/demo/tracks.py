"""Values over time: keys with quintic curves between them, and the way of a foot from place to place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Track:
    """Keys (time, value, speed, acceleration), held before the first and after the last."""

    keys: list[tuple[float, float, float, float]]

    @property
    def last(self) -> float:
        """Value at the last key."""
        return self.keys[-1][1]

    @property
    def end(self) -> float:
        """Time of the last key."""
        return self.keys[-1][0]

    def ramp(self, start: float, end: float, value: float, speed: float = 0.0, force: float = 0.0) -> None:
        """Move to `value` between two times with the least jerk; hold what was there until `start`.

        Arrives with `speed` and acceleration `force`, which a ramp that starts there goes on from.
        ValueError when the track already has keys after `end`.
        """
        if end <= self.end:
            raise ValueError(f"a ramp to {value} at {end:.3f} s comes after a key at {self.end:.3f} s")
        if start > self.end:
            self.keys.append((start, self.last, 0.0, 0.0))
        self.keys.append((end, value, speed, force))

    def jump(self, value: float) -> None:
        """Go on from another value at once: for angles that are whole turns apart."""
        self.keys.append((self.end, value, 0.0, 0.0))

    def at(self, times: Array) -> Array:
        """Values at times (T,)."""
        table = np.array(self.keys)
        if len(table) == 1:
            return np.full(len(times), table[0, 1])
        right = np.clip(np.searchsorted(table[:, 0], times, side="right"), 1, len(table) - 1)
        left = right - 1
        span = np.maximum(table[right, 0] - table[left, 0], 1e-9)
        part = np.clip((times - table[left, 0]) / span, 0, 1)
        return _quintic(part, span, table[left, 1:], table[right, 1:])


def _quintic(u: Array, span: Array, begin: Array, finish: Array) -> Array:
    """The quintic curve with given value, speed and acceleration at both ends."""
    p0, v0, a0 = begin[:, 0], begin[:, 1] * span, begin[:, 2] * span**2
    p1, v1, a1 = finish[:, 0], finish[:, 1] * span, finish[:, 2] * span**2
    c3 = 10 * (p1 - p0) - 6 * v0 - 4 * v1 - 1.5 * a0 + 0.5 * a1
    c4 = -15 * (p1 - p0) + 8 * v0 + 7 * v1 + 1.5 * a0 - a1
    c5 = 6 * (p1 - p0) - 3 * (v0 + v1) - 0.5 * (a0 - a1)
    return p0 + u * (v0 + u * (a0 / 2 + u * (c3 + u * (c4 + u * c5))))


def minimum_jerk(u: Array) -> Array:
    """0 to 1 while u goes from 0 to 1, at rest at both ends."""
    u = np.clip(u, 0, 1)
    return u**3 * (10 + u * (6 * u - 15))


@dataclass(frozen=True)
class Move:
    """One foot leaves one place and comes down on another; places are (x, z) of the toes."""

    start: float
    end: float
    origin: tuple[float, float]
    target: tuple[float, float]
    origin_yaw: float
    target_yaw: float
    apex: float  # metres
    flight: bool = False  # the whole body flies: even speed along, a parabola up


@dataclass
class FootTrack:
    """A foot's place and its moves."""

    place: tuple[float, float]
    yaw: float
    moves: list[Move] = field(default_factory=list)

    def move(
        self,
        start: float,
        end: float,
        target: tuple[float, float],
        yaw: float,
        apex: float,
        flight: bool = False,
    ) -> None:
        """Add a move to a place; ValueError when the foot is still on its way at `start`."""
        if self.moves and start < self.moves[-1].end - 1e-9:
            busy = self.moves[-1].end
            raise ValueError(f"a foot that is on its way until {busy:.3f} s moves at {start:.3f} s")
        self.moves.append(Move(start, end, self.place, target, self.yaw, yaw, apex, flight))
        self.place, self.yaw = target, yaw

    def at(self, times: Array) -> tuple[Array, Array]:
        """Toes (T, 3) and yaw (T,) at times; exactly still between the moves."""
        first = self.moves[0] if self.moves else None
        place = first.origin if first else self.place
        toes = np.zeros((len(times), 3))
        toes[:, 0], toes[:, 2] = place
        yaw = np.full(len(times), first.origin_yaw if first else self.yaw)
        for move in self.moves:
            u = np.clip((times - move.start) / (move.end - move.start), 0, 1)
            late = times >= move.start
            # A step rises before it travels, so that nothing slides along the floor.
            along = u if move.flight else minimum_jerk((u - 0.08) / 0.84)
            height = 4 * u * (1 - u) if move.flight else (16 * u**2 * (1 - u) ** 2) ** 0.62
            for axis in (0, 1):
                way = move.target[axis] - move.origin[axis]
                toes[late, 2 * axis] = (move.origin[axis] + along * way)[late]
            toes[late, 1] = (move.apex * height)[late]
            yaw[late] = (move.origin_yaw + along * (move.target_yaw - move.origin_yaw))[late]
        return toes, yaw


def smooth(values: Array, sigma: float) -> Array:
    """Gaussian smoothing over the first axis, sigma in frames; the ends are held."""
    reach = max(1, int(np.ceil(3 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-3)) ** 2)
    kernel /= kernel.sum()
    flat = values.reshape(len(values), -1)
    padded = np.pad(flat, ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(column, kernel, mode="valid") for column in padded.T]
    return np.stack(columns, axis=1).reshape(values.shape)
