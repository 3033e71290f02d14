"""Places: folders and buckets. `place` gives a path of either kind, with the methods that Path has.

A store (`s3://`, `gs://`) has no folders, no renames and no appending; it writes one object whole, under its
final name, with one request: no part of it is ever seen, and none is left behind. It can create an object
only where there is none, and replace one only where it is still the one that was read.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from schemas.store_client import ask, listed

SCHEMES = ("s3", "gs")
_READ_AHEAD = 1 << 20  # bytes
_PAGE = 1000  # names a listing asks for at once, as stores give them

Made = TypeVar("Made")
Version = Mapping[str, str]  # what a store tells one version of an object by: S3 its tag, Google a number


def place(text: str | Path) -> Path:
    """A folder's or file's path, or a StorePath of a URI such as s3://bucket/corpus.

    ValueError for a URI of another kind, or one that names no bucket.
    """
    if isinstance(text, StorePath):
        return text
    scheme, separator, rest = str(text).partition("://")
    if not separator:
        return Path(text)
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise ValueError(f"{text}: {scheme}:// is not known; give a folder, or one of {known}")
    bucket, _, key = rest.partition("/")
    parts = [part for part in key.split("/") if part]
    if not bucket or {".", ".."} & set(parts):
        raise ValueError(f"{text}: give a bucket and a name in it, such as {scheme}://bucket/corpus")
    return StorePath(scheme, bucket, tuple(parts))


def is_uri(text: str) -> bool:
    """Whether a text names something by a URI, of whatever kind."""
    return "://" in text


def is_store(path: Path) -> bool:
    """Whether a path is in a bucket."""
    return isinstance(path, StorePath)


@dataclass(frozen=True)
class Listed:
    """One file of a folder."""

    name: str
    size: int  # bytes
    mtime_ns: int  # when it was last written, nanoseconds since 1970


def scan(folder: Path) -> Iterator[Listed]:
    """The files that lie in a folder itself, in any order, one after another: never all in memory.

    On a store this takes one request a thousand files. FileNotFoundError where there is no such folder.
    """
    if isinstance(folder, StorePath):
        yield from folder.scan()
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file():
                stat = entry.stat()
                yield Listed(entry.name, stat.st_size, stat.st_mtime_ns)


@dataclass(frozen=True)
class StoreStat:
    """What a store says of an object, by the names that Path.stat has."""

    st_size: int
    st_mtime_ns: int

    @property
    def st_mtime(self) -> float:
        """Seconds since 1970, by the store's clock."""
        return self.st_mtime_ns / 1e9


# It stands where a Path stands: with the methods that this project uses, not with all of them.
_Base: Any = Path if TYPE_CHECKING else object


class StorePath(_Base):
    """An object of a bucket, or the folder that its name would be. Raises OSErrors as Path does."""

    __slots__ = ("bucket", "keys", "scheme")

    def __init__(self, scheme: str, bucket: str, keys: tuple[str, ...] = ()) -> None:
        self.scheme, self.bucket, self.keys = scheme, bucket, keys

    def __reduce__(self) -> Any:
        """What a copy in another process is made of."""
        return StorePath, (self.scheme, self.bucket, self.keys)

    def __str__(self) -> str:
        """The URI."""
        return f"{self.scheme}://{'/'.join((self.bucket, *self.keys))}"

    def __repr__(self) -> str:
        """The URI, as code."""
        return f"StorePath({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        """Whether both are one name."""
        return isinstance(other, StorePath) and str(self) == str(other)

    def __lt__(self, other: Any) -> bool:
        """The order of names."""
        return (self.bucket, self.keys) < (other.bucket, other.keys)

    def __hash__(self) -> int:
        """Of the name."""
        return hash(str(self))

    def __truediv__(self, more: Any) -> StorePath:
        """A name below this one; ValueError for one that leads out of it."""
        added = [part for part in str(more).split("/") if part not in ("", ".")]
        if ".." in added or str(more).startswith("/"):
            raise ValueError(f"{self}/{more}: a bucket has no folder above a folder")
        return StorePath(self.scheme, self.bucket, (*self.keys, *added))

    @property
    def key(self) -> str:
        """Name of the object in its bucket."""
        return "/".join(self.keys)

    @property
    def name(self) -> str:
        """The last part of the name; the bucket's of a bucket."""
        return self.keys[-1] if self.keys else self.bucket

    @property
    def stem(self) -> str:
        """`name` without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The suffix of `name`, with its point."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> StorePath:
        """The folder that it would lie in; a bucket is its own."""
        return StorePath(self.scheme, self.bucket, self.keys[:-1])

    @property
    def parents(self) -> Any:
        """The folders above, nearest first."""
        return [StorePath(self.scheme, self.bucket, self.keys[:n]) for n in reversed(range(len(self.keys)))]

    @property
    def parts(self) -> Any:
        """The bucket and the parts of the name."""
        return (f"{self.scheme}://{self.bucket}", *self.keys)

    def as_posix(self) -> str:
        """The URI."""
        return str(self)

    def with_name(self, name: str) -> StorePath:
        """Another object of the same folder."""
        return self.parent / name

    def with_suffix(self, suffix: str) -> StorePath:
        """The object with another suffix."""
        return self.with_name(f"{self.stem}{suffix}")

    def relative_to(self, other: Any) -> Any:
        """The name from a folder above on; ValueError where it is not above."""
        if not isinstance(other, StorePath) or self.parts[: len(other.parts)] != other.parts:
            raise ValueError(f"{self} does not lie in {other}")
        return PurePosixPath(*self.keys[len(other.keys) :])

    def resolve(self, strict: bool = False) -> StorePath:
        """The same: a name in a bucket has no other one."""
        return self

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Nothing: objects need no folder."""

    def stat(self, *, follow_symlinks: bool = True) -> Any:
        """Size and time of an object; FileNotFoundError where there is none."""
        found = self._do(lambda api, store: api.head(store, self.key))
        return StoreStat(found["size"], _nanoseconds(found))

    def is_file(self) -> bool:
        """Whether there is such an object."""
        if not self.keys:
            return False
        try:
            self.stat()
        except FileNotFoundError:
            return False
        return True

    def is_dir(self) -> bool:
        """Whether there is any object in such a folder; a bucket is one even when it is empty."""
        if not self.keys:
            try:
                self._do(lambda api, store: api.list_with_delimiter(store, "zz-irmogen-no-such-folder"))
            except FileNotFoundError:
                return False
            return True
        return next(self._listed(1), None) is not None

    def exists(self, *, follow_symlinks: bool = True) -> bool:
        """Whether there is such an object or folder."""
        return self.is_file() or self.is_dir()

    def scan(self) -> Iterator[Listed]:
        """As the function `scan` does."""
        below = len(self.keys) + 1
        found = False
        for meta in self._listed(_PAGE):
            found = True
            parts = meta["path"].split("/")
            if len(parts) == below:
                yield Listed(parts[-1], meta["size"], _nanoseconds(meta))
        if not found:
            raise FileNotFoundError(errno.ENOENT, "no such folder in the bucket", str(self))

    def iterdir(self) -> Iterator[Any]:
        """Objects and folders of a folder; for one of many files take `scan`."""
        found = self._do(lambda api, store: api.list_with_delimiter(store, self.key or None))
        names = [*found["common_prefixes"], *(meta["path"] for meta in found["objects"])]
        for name in sorted(name for name in names if name != self.key):
            yield StorePath(self.scheme, self.bucket, tuple(name.split("/")))

    def glob(self, pattern: str, **_: Any) -> Iterator[Any]:
        """Objects, no folders, whose names below this one match a pattern part by part."""
        wanted = pattern.split("/")
        fixed = next((n for n, part in enumerate(wanted) if set(part) & set("*?[")), len(wanted) - 1)
        top = self / "/".join(wanted[:fixed]) if fixed else self
        for meta in top._listed(_PAGE):
            found = tuple(meta["path"].split("/"))
            parts = found[len(self.keys) :]
            if len(parts) == len(wanted) and all(fnmatchcase(p, w) for p, w in zip(parts, wanted)):
                yield StorePath(self.scheme, self.bucket, found)

    def rglob(self, pattern: str, **_: Any) -> Iterator[Any]:
        """Objects below this name, however deep, whose last part matches a pattern."""
        for meta in self._listed(_PAGE):
            found = tuple(meta["path"].split("/"))
            if fnmatchcase(found[-1], pattern):
                yield StorePath(self.scheme, self.bucket, found)

    def read_bytes(self) -> bytes:
        """All bytes of an object."""
        return self._do(lambda api, store: api.get(store, self.key).bytes().to_bytes())

    def read_range(self, start: int, end: int) -> bytes:
        """Bytes [start, end) of an object."""
        return self._do(lambda api, store: api.get_range(store, self.key, start=start, end=end).to_bytes())

    def read_text(self, encoding: str | None = None, errors: str | None = None, **_: Any) -> str:
        """An object as text, UTF-8 unless told otherwise, its ends of lines as they are in a text."""
        return io.TextIOWrapper(io.BytesIO(self.read_bytes()), encoding or "utf-8", errors).read()

    def open(self, mode: str = "r", *_: Any, encoding: str | None = None, **rest: Any) -> Any:
        """A file to read; objects are written whole, by schemas/storage.py."""
        if mode not in ("r", "rb"):
            raise ValueError(f"{self}: an object cannot be opened to be {mode!r}: it is written whole")
        file = io.BufferedReader(_Reader(self), _READ_AHEAD)
        return file if mode == "rb" else io.TextIOWrapper(file, encoding or "utf-8", rest.get("errors"))

    def write_bytes(self, data: Any) -> int:
        """Put an object, whole, in place of one that is there."""
        self._do(lambda api, store: api.put(store, self.key, bytes(data), use_multipart=False))
        return len(data)

    def write_text(self, data: str, encoding: str | None = None, *_: Any, **__: Any) -> int:
        """Put a text, UTF-8 unless told otherwise."""
        return self.write_bytes(data.encode(encoding or "utf-8"))

    def create(self, data: bytes) -> bool:
        """Put an object unless its name is taken; says whether these bytes lie there now."""
        from obstore.exceptions import AlreadyExistsError

        try:
            self._do(lambda api, store: api.put(store, self.key, data, mode="create", use_multipart=False))
        except AlreadyExistsError:
            # An answer that was lost on its way: the request that is repeated finds what the first has put.
            with contextlib.suppress(FileNotFoundError):  # removed since: it was another's
                return self.read_bytes() == data
            return False
        return True

    def version(self, hurry: bool = False) -> tuple[bytes, Version]:
        """An object's bytes and which version of them it is, for `replace_version`."""

        def read(api: Any, store: Any) -> tuple[bytes, Version]:
            found = api.get(store, self.key)
            return found.bytes().to_bytes(), _version(found.meta)

        return self._do(read, hurry)

    def replace_version(self, tag: Version, data: bytes, hurry: bool = False) -> Version | None:
        """Put an object in place of one version; its own one, or None where that is not there any more."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        def put(api: Any, store: Any) -> Any:
            return api.put(store, self.key, data, mode=tag, use_multipart=False)

        try:
            made = self._do(put, hurry)
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            with contextlib.suppress(FileNotFoundError):
                held, now = self.version(hurry)
                if held == data:  # the answer to the first try was lost
                    return now
            return None
        return _version(made)

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove an object."""
        if not missing_ok:
            self.stat()
        with contextlib.suppress(FileNotFoundError):  # some stores tell it, most do not
            self._do(lambda api, store: api.delete(store, self.key))

    def rename(self, target: Any) -> Any:
        """Copy an object to another name of its bucket and remove it: a reader may see both."""
        self._do(lambda api, store: api.copy(store, self.key, target.key))
        self.unlink(missing_ok=True)
        return target

    def remove_tree(self) -> None:
        """Remove every object of a folder."""
        while names := [meta["path"] for _, meta in zip(range(_PAGE), self._listed(_PAGE))]:
            self._remove(names)

    def _listed(self, page: int) -> Iterator[Any]:
        """What the store says of each object in the folder."""
        return listed(self._bucket, self.key, str(self), page)

    def _remove(self, names: list[str]) -> None:
        self._do(lambda api, store: api.delete(store, names))

    @property
    def _bucket(self) -> tuple[str, str]:
        return self.scheme, self.bucket

    def _do(self, request: Callable[[Any, Any], Made], hurry: bool = False) -> Made:
        return ask(self._bucket, str(self), request, hurry)


class _Reader(io.RawIOBase):
    """An object as a file that is read by ranges."""

    def __init__(self, path: StorePath) -> None:
        self._path, self._at = path, 0
        self._size = int(path.stat().st_size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        data = self._path.read_range(self._at, end)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _version(meta: Any) -> Version:
    return {name: meta[name] for name in ("e_tag", "version") if meta.get(name) is not None}


def _nanoseconds(meta: Any) -> int:
    return int(meta["last_modified"].timestamp()) * 10**9 + meta["last_modified"].microsecond * 1000
