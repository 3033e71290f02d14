"""What the report shows of a corpus, put together from what the step `profile` kept of every shard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pipelines.shard_input import read_table
from schemas.ahead import ahead
from schemas.corpus import Corpus
from schemas.profile import PROFILE_VERSION, SHOWN, Values, profile_path
from schemas.storage import read_json
from transforms.report_data import ReportData
from transforms.report_goals import DEAD_LETTERS, Parts
from transforms.report_tables import REPORT_COLUMNS, report_data_of
from transforms.step import STEPS

if TYPE_CHECKING:
    import pyarrow as pa


def gather(corpus: Corpus) -> ReportData:
    """Everything that the report counts, of one small file a shard; memory holds a few of them."""
    data = ReportData()
    for values in ahead(partial(shown, corpus), range(corpus.shards), corpus.root):
        data.add(values)
    return data


def shown(corpus: Corpus, index: int) -> Values:
    """What a shard shows; made of its rows where another version profiled it, or nobody has."""
    try:
        values = read_json(profile_path(corpus, SHOWN, index))
    except ValueError:
        values = None  # damaged: `irmogen validate` makes it anew
    if isinstance(values, dict) and values.get("version") == PROFILE_VERSION:
        return values
    return report_data_of(read_parts(corpus, index, REPORT_COLUMNS), index, corpus.shards).as_dict()


def read_parts(corpus: Corpus, index: int, columns: Mapping[str, Sequence[str]]) -> Parts:
    """Columns of a shard's tables; ValueError names one that cannot be read."""
    parts: dict[tuple[str, str], pa.Table] = {}
    for table, names in columns.items():
        for step in STEPS if table == DEAD_LETTERS else ("",):
            if table != DEAD_LETTERS or corpus.shard_path(table, index, step).is_file():
                parts[table, step] = read_table(corpus, table, index, list(names), step)
    return parts
