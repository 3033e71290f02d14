"""Tables of a finished corpus for commands that read them without checking digests first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from schemas.corpus import Corpus

_REMEDY = "`irmogen validate` lists what is; restore it or build the corpus again"


def read_table(
    corpus: Corpus, table: str, index: int, columns: list[str] | None = None, name: str = ""
) -> pa.Table:
    """One shard of a table; dead letters are named for their step.

    ValueError names a file that is missing, damaged or of another version, and says what to do.
    """
    import pyarrow as pa

    from schemas.shards import read_shard

    path = corpus.shard_path(table, index, name)
    try:
        return read_shard(path, table, columns)
    except FileNotFoundError as error:
        raise ValueError(f"{path}: is missing; {_REMEDY}") from error
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path}: is damaged ({str(error).splitlines()[0]}); {_REMEDY}") from error
