"""Requests to object stores: who asks, how often, and what an answer that is no answer means.

obstore speaks to them and not pyarrow's file systems: those have no conditional writes, on which locks and
the ledger rest, and write big objects in parts that a killed process leaves behind.

Credentials and addresses come from where other programs find them: AWS_* (AWS_ENDPOINT_URL for stores that
speak S3), roles of machines and pods, AWS profiles where boto3 is installed; GOOGLE_APPLICATION_CREDENTIALS.
"""

from __future__ import annotations

import errno
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

_TRIES = 10  # of a request, the last one some 25 seconds after the first
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0  # seconds between them
_WHOLE_SECONDS = 300  # for one request with its data: a shard over a slow line
_HURRIED_TRIES, _HURRIED_SECONDS = 2, 5  # where a late answer is worth nothing
_STATUS = re.compile(r"status code: (\d+)")
_PROFILE_FILES = ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE")
_MAY_PASS = {408, 429}  # of the answers that say that the request is at fault

EXIT_NOT_NOW = 6  # of a command: the same one may go on later

Bucket = tuple[str, str]  # scheme and name
Made = TypeVar("Made")


class StoreError(OSError):
    """A store does not answer as it should."""

    exit_code = EXIT_NOT_NOW


def ask(bucket: Bucket, name: str, request: Callable[[Any, Any], Made], hurry: bool = False) -> Made:
    """What `request` makes of obstore and a bucket's client; asked again where the failure may pass.

    Errors name `name`: FileNotFoundError, PermissionError, StoreError for a store that does not answer as it
    should; obstore's own where a condition of the request does not hold. With `hurry` it takes some seconds.
    """
    import obstore

    most, seconds = (_HURRIED_TRIES, _HURRIED_SECONDS) if hurry else (_TRIES, _WHOLE_SECONDS)
    tries = 0
    while True:
        try:
            return request(obstore, _client(*bucket, os.getpid(), seconds))
        except Exception as error:
            tries = _wait(error, name, tries, most)


def listed(bucket: Bucket, folder: str, name: str, page: int) -> Iterator[Any]:
    """What a store says of each object below a folder, by name; asks for `page` at a time.

    A listing that breaks off goes on where it was.
    """
    import obstore

    last, tries = None, 0
    while True:
        try:
            client = _client(*bucket, os.getpid(), _WHOLE_SECONDS)
            for metas in obstore.list(client, folder or None, offset=last, chunk_size=page):
                for meta in metas:
                    yield meta
                    last = meta["path"]
                tries = 0
            return
        except Exception as error:
            tries = _wait(error, name, tries)


def _wait(error: Exception, name: str, tries: int, most: int = _TRIES) -> int:
    """Wait before the next try, whose number is returned; raises what no further try would mend."""
    from obstore import exceptions

    said = str(error)
    why = said.split("\n", 1)[0].rpartition(" - ")[2].split(": <?xml")[0]
    if isinstance(error, FileNotFoundError) or "NoSuchBucket" in said:
        what = "no such bucket; make it, or give another one" if "NoSuchBucket" in said else "no such object"
        raise FileNotFoundError(errno.ENOENT, what, name) from None
    if isinstance(error, (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)):
        raise PermissionError(errno.EACCES, f"the store refuses access ({why})", name) from None
    if not isinstance(error, (exceptions.GenericError, OSError)):
        raise error
    status = _STATUS.search(said)
    final = status is not None and 400 <= int(status[1]) < 500 and int(status[1]) not in _MAY_PASS
    if final or tries + 1 >= most:
        raise StoreError(errno.EIO, f"the store does not answer as it should ({why})", name) from error
    time.sleep(min(_LONGEST_WAIT, _FIRST_WAIT * 2**tries) * random.uniform(0.5, 1.0))
    return tries + 1


@lru_cache(maxsize=16)
def _client(scheme: str, bucket: str, process: int, seconds: int) -> Any:
    """The client of a bucket, for this process, whose requests may take so long."""
    from obstore.store import GCSStore, S3Store

    # One owner of retries: `ask`, which also sees answers that break off.
    options: dict[str, Any] = {
        "retry_config": {"max_retries": 0},
        "client_options": {"timeout": f"{seconds}s", "connect_timeout": f"{min(seconds, 10)}s"},
    }
    if scheme == "gs":
        return GCSStore(bucket, **options)
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        options["endpoint"] = endpoint
        options["client_options"]["allow_http"] = endpoint.startswith("http://")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region:
        options["region"] = region
    return S3Store(bucket, **options, **_profile())


def _profile() -> dict[str, Any]:
    """Credentials of an AWS profile, where the environment names none and boto3 can read them."""
    named = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    others = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SKIP_SIGNATURE")
    if any(os.environ.get(name) for name in (*named, *others)):
        return {}
    folder = Path.home() / ".aws"
    files = [folder / "credentials", folder / "config"]
    files += [Path(file) for name in _PROFILE_FILES if (file := os.environ.get(name))]
    if not any(file.is_file() for file in files):
        return {}
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider

        return {"credential_provider": Boto3CredentialProvider()}
    except (ImportError, ValueError):  # no boto3, or a profile without credentials: a role may have some
        return {}
