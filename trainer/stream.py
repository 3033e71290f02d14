"""The stream of training rows: lanes, windows, packed rows; where it stands can be saved and taken up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from motion.seeds import generator
from schemas.rows import MotionRef
from trainer.examples import Example, Examples
from trainer.lanes import Piece, deal, shard_order
from trainer.packing import pack
from trainer.read_ahead import ReadAhead
from trainer.recipe import Recipe
from trainer.rows import Place, Shard, StageRows, rows_at

_SAMPLE = 2000  # examples, of which the mean length is taken
_FILL = 0.98  # of a packed row, about


@dataclass
class LaneState:
    """Where a lane stands: packed rows before this one have been given.

    The window begins with an example of a piece of the lane's epoch, so that who goes on reads no shard of
    the pieces before.
    """

    epoch: int = 0
    piece: int = 0
    example: int = 0
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
        self._shards = ReadAhead(rows.read)
        self._dealt = lru_cache(3)(self._deal)  # lanes go through epochs together, nearly

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
        state = self.states[lane]
        empty = 0
        while True:
            pieces = self._dealt(state.epoch)[lane]
            while state.piece < len(pieces):
                made, following = self._made(lane, pieces)
                packed = self._window(lane, made)
                for row in packed[state.row :]:
                    empty = 0
                    state.row += 1  # before it is given: who saves after the step has had it
                    yield row
                state.piece, state.example = following
                state.window, state.row = state.window + 1, 0
            empty += 1
            if empty > 3:
                raise ValueError(
                    f"lane {lane} of {self.lanes} finds no example that fits into data.row "
                    f"{self.recipe.data.row}; set a larger data.row, or fewer train.rows"
                )
            state.epoch, state.piece, state.example, state.window = state.epoch + 1, 0, 0, 0

    def _deal(self, epoch: int) -> list[list[Piece]]:
        """The pieces of all lanes in an epoch."""
        return deal(self.rows.counts, self.lanes, self.recipe.train.seed, epoch)

    def _ahead(self, lane: int, number: int) -> list[int]:
        """The shard of a lane's piece, and the one that comes behind it, if it is of the next epoch."""
        epoch = self.states[lane].epoch
        pieces = self._dealt(epoch)[lane][number : number + 2]
        if len(pieces) < 2:
            pieces = pieces + self._dealt(epoch + 1)[lane][:1]
        return [piece.shard for piece in pieces]

    def _made(self, lane: int, pieces: list[Piece]) -> tuple[list[Example], tuple[int, int]]:
        """The examples of a lane's window, and the piece and its example with which the next one begins."""
        state, size = self.states[lane], self.recipe.data.window
        seed, epoch = self.recipe.train.seed, state.epoch
        number, first = state.piece, state.example
        made: list[Example] = []
        while number < len(pieces) and len(made) < size:
            self._shards.ask(lane, self._ahead(lane, number))
            shard = self._shards.take(pieces[number].shard)
            places = self.rows.places(shard, pieces[number], seed, epoch)
            taken = places[first : first + size - len(made)]
            made += self._examples_of(shard, taken, epoch)
            first += len(taken)
            if first == len(places):
                number, first = number + 1, 0
        return made, (number, first)

    def _examples_of(self, shard: Shard, places: list[Place], epoch: int) -> list[Example]:
        rows = rows_at(shard, places)
        return [
            self.example(row, shard.tokens, epoch, place.copy)
            for place, row in zip(places, rows, strict=True)
        ]

    def _window(self, lane: int, made: list[Example]) -> list[list[Example]]:
        """The packed rows of one window, in an order of their own."""
        state, capacity = self.states[lane], self.recipe.data.row
        fitting = [example for example in made if len(example.ids) <= capacity]
        if not state.row:  # else it was counted before the training was gone on with
            self.counts.too_long += len(made) - len(fitting)
        if self.recipe.data.pack:
            packed = pack([len(example.ids) for example in fitting], capacity)
        else:
            packed = [[index] for index in range(len(fitting))]
        rng = generator("window", self.recipe.train.seed, state.epoch, lane, state.window)
        return [[fitting[index] for index in packed[int(one)]] for one in rng.permutation(len(packed))]

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
        """Go on from a state. ValueError where it is of a stream with other lanes, or of another version."""
        lanes = state["lanes"]
        if set(lanes) != {str(lane) for lane in range(self.lanes)}:
            raise ValueError(
                f"the checkpoint was made with {len(lanes)} rows a step, now there are {self.lanes}; "
                f"train on with the recipe that it was begun with"
            )
        try:
            taken = {int(lane): LaneState(**values) for lane, values in lanes.items()}
        except TypeError:
            taken = {}
        if not taken or any(asdict(taken[int(lane)]) != values for lane, values in lanes.items()):
            raise ValueError(
                "the checkpoint was made by another version of irmogen, which dealt rows in another order; "
                "train on with that version, or begin anew with another --output"
            )
        self.states = taken

    @cached_property
    def epoch_tokens(self) -> tuple[float, float]:
        """Examples of an epoch and the mean of their tokens, by a sample: the first shards of an epoch."""
        seed, counts = self.recipe.train.seed, self.rows.counts
        made: list[Example] = []
        for index in shard_order(counts, seed, 0):
            shard = self.rows.read(index)
            places = self.rows.places(shard, Piece(index, 0, counts[index]), seed, 0)
            made += self._examples_of(shard, places[: _SAMPLE - len(made)], 0)
            if len(made) >= _SAMPLE:
                break
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
