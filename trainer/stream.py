"""The stream of training rows: lanes, windows, packed rows; where it stands can be saved and taken up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from motion.seeds import generator
from schemas.rows import MotionRef
from trainer.examples import Example, Examples
from trainer.lanes import Piece, deal
from trainer.packing import pack
from trainer.recipe import Recipe
from trainer.rows import Place, StageRows

_SAMPLE = 2000  # examples, of which the mean length is taken
_FILL = 0.98  # of a packed row, about


@dataclass
class LaneState:
    """Where a lane stands: rows before this one have been given."""

    epoch: int = 0
    window: int = 0
    row: int = 0


@dataclass
class Counts:
    """What has been given: of one process, or of several added up."""

    rows: int = 0
    examples: int = 0
    tokens: int = 0
    labels: int = 0
    places: int = 0  # of batches, padding among them
    too_long: int = 0
    seconds: float = 0.0
    tasks: dict[str, int] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        """Count what another process, or an earlier part of the training, has given."""
        for name in ("rows", "examples", "tokens", "labels", "places", "too_long"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seconds = max(self.seconds, other.seconds)  # processes work at the same time
        for task, number in other.tasks.items():
            self.tasks[task] = self.tasks.get(task, 0) + number


class Stream:
    """Packed rows of a recipe for the lanes of one process."""

    def __init__(self, recipe: Recipe, rows: StageRows, examples: Examples) -> None:
        self.recipe, self.rows, self.examples = recipe, rows, examples
        self.lanes = recipe.train.rows
        self.states = {lane: LaneState() for lane in range(self.lanes)}
        self.counts = Counts()
        self._last_dealt: tuple[int, list[list[Piece]]] = (-1, [])

    def row(self, lane: int, iterators: dict[int, Iterator[list[Example]]]) -> list[Example]:
        """The next packed row of a lane; `iterators` holds those that have begun."""
        if lane not in iterators:
            iterators[lane] = self._lane(lane)
        found = next(iterators[lane])
        self.counts.rows += 1
        self.counts.examples += len(found)
        self.counts.tokens += sum(len(example.ids) for example in found)
        self.counts.labels += sum(label >= 0 for example in found for label in example.labels)
        for example in found:
            self.counts.tasks[example.task] = self.counts.tasks.get(example.task, 0) + 1
        return found

    def _lane(self, lane: int) -> Iterator[list[Example]]:
        """Packed rows without end, from where the lane stands."""
        seed, window = self.recipe.train.seed, self.recipe.data.window
        state = self.states[lane]
        empty = 0
        while True:
            pieces = self._dealt(state.epoch)[lane]
            places = self.rows.places(pieces, seed, state.epoch)
            for number in range(state.window, -(-len(places) // window)):
                packed = self._window(
                    lane, state.epoch, number, places[number * window : (number + 1) * window]
                )
                for row in packed[state.row :]:
                    empty = 0
                    state.row += 1  # before it is given: who saves after the step has had it
                    yield row
                state.window, state.row = number + 1, 0
            empty += 1
            if empty > 3:
                raise ValueError(
                    f"lane {lane} of {self.lanes} finds no example that fits into data.row "
                    f"{self.recipe.data.row}; set a larger data.row, or fewer train.rows"
                )
            state.epoch, state.window, state.row = state.epoch + 1, 0, 0

    def _dealt(self, epoch: int) -> list[list[Piece]]:
        """The pieces of all lanes in an epoch; the last one is kept, for lanes go through epochs together."""
        if self._last_dealt[0] != epoch:
            dealt = deal(self.rows.counts, self.lanes, self.recipe.train.seed, epoch)
            self._last_dealt = epoch, dealt
        return self._last_dealt[1]

    def _window(self, lane: int, epoch: int, number: int, places: list[Place]) -> list[list[Example]]:
        """The packed rows of one window, in an order of their own."""
        made = [self.example(row, tokens, epoch, place.copy) for place, (row, tokens) in self._read(places)]
        capacity = self.recipe.data.row
        fitting = [example for example in made if len(example.ids) <= capacity]
        if not self.states[lane].row:  # else it was counted before the training was gone on with
            self.counts.too_long += len(made) - len(fitting)
        if self.recipe.data.pack:
            packed = pack([len(example.ids) for example in fitting], capacity)
        else:
            packed = [[index] for index in range(len(fitting))]
        rng = generator("window", self.recipe.train.seed, epoch, lane, number)
        return [[fitting[index] for index in packed[int(one)]] for one in rng.permutation(len(packed))]

    def _read(self, places: list[Place]) -> list[tuple[Place, tuple[dict[str, Any], dict[MotionRef, Any]]]]:
        return list(zip(places, self.rows.read(places), strict=True))

    def example(
        self, row: dict[str, Any], tokens: dict[MotionRef, tuple[int, ...]], epoch: int, copy: int = 0
    ) -> Example:
        """The example of a row in an epoch: wording, analysis and chain are drawn for it."""
        draw = f"{self.recipe.train.seed}/epoch {epoch}/{copy}"
        if self.rows.table == "stage1":
            return self.examples.of_task(row, tokens.__getitem__, draw)
        return self.examples.of_goal(row, tokens.__getitem__, draw)

    def state(self) -> dict[str, Any]:
        """Where every lane of this process stands."""
        return {"lanes": {str(lane): asdict(state) for lane, state in self.states.items()}}

    def take_up(self, state: dict[str, Any]) -> None:
        """Go on from a state. ValueError where it is of a stream with other lanes."""
        lanes = state["lanes"]
        if set(lanes) != {str(lane) for lane in range(self.lanes)}:
            raise ValueError(
                f"the checkpoint was made with {len(lanes)} rows a step, now there are {self.lanes}; "
                f"train on with the recipe that it was begun with"
            )
        self.states = {int(lane): LaneState(**values) for lane, values in lanes.items()}

    @cached_property
    def epoch_tokens(self) -> tuple[float, float]:
        """Examples of an epoch and the mean of their tokens, by a sample."""
        seed = self.recipe.train.seed
        pieces = [piece for lane in deal(self.rows.counts, 8, seed, 0) for piece in lane]
        sample: list[Place] = []
        for piece in pieces:
            sample += self.rows.places([piece], seed, 0)
            if len(sample) >= _SAMPLE:
                break
        made = [
            self.example(row, tokens, 0, place.copy) for place, (row, tokens) in self._read(sample[:_SAMPLE])
        ]
        if not made:
            raise ValueError(
                f"{self.rows.corpus.root}: {self.rows.table} has no row of the split "
                f"{self.recipe.data.split!r} for this recipe; give a corpus that has some"
            )
        fitting = [len(example.ids) for example in made if len(example.ids) <= self.recipe.data.row]
        if not fitting:
            shortest = min(len(example.ids) for example in made)
            raise ValueError(f"data.row {self.recipe.data.row}: the shortest example has {shortest} tokens")
        share = len(fitting) / len(made)
        return self.rows.examples() * share, sum(fitting) / len(fitting)

    def steps(self) -> int:
        """Steps of the recipe: as it says, or as many as its epochs take, by a sample of lengths."""
        train = self.recipe.train
        if train.steps:
            return train.steps
        examples, length = self.epoch_tokens
        a_row = self.recipe.data.row * _FILL / length if self.recipe.data.pack else 1.0
        return max(1, round(train.epochs * examples / max(a_row, 1.0) / train.rows))
