"""The whole build in a bucket of a real S3 server: the bytes that a folder gets, whatever happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import irmogen, killed_irmogen
from conftest import corpus_bytes
from fake_server import fake_server
from flaky_proxy import flaky_proxy
from s3_server import upload

from motion.demo.dataset import write_demo
from schemas import store_client
from schemas.ledger import Ledger
from schemas.places import StorePath

_NOT_SAME = ("run.json", "run.log", "run.js", "build.lock")


def objects(root: StorePath) -> dict[str, bytes]:
    """What `corpus_bytes` reads of a folder, of a bucket; nothing of a part that was left behind."""
    found = {str(path.relative_to(root)): path for path in root.rglob("*")}
    assert not [name for name in found if ".part-" in name]
    return {name: path.read_bytes() for name, path in found.items() if path.name not in _NOT_SAME}


def parts_left(bucket: StorePath) -> list[object]:
    """Uploads in parts that nobody finished."""
    import boto3

    client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    return list(client.list_multipart_uploads(Bucket=bucket.bucket).get("Uploads", ()))


def test_a_build_from_bucket_to_bucket_gives_the_bytes_of_one_on_disk(
    bucket: StorePath, demo: Path, corpus: Path
) -> None:
    upload(demo, bucket / "data")
    built = irmogen("build", "--input", bucket / "data", "--output", bucket / "corpus")
    assert "gate passed" in built.stdout
    assert objects(bucket / "corpus") == corpus_bytes(corpus)
    assert parts_left(bucket) == []
    again = irmogen("build", "--input", bucket / "data", "--output", bucket / "corpus")
    assert "nothing to do" in again.stdout
    assert irmogen("validate", bucket / "corpus").returncode == 0
    (bucket / "corpus" / "goals" / "goals-00000-of-00002.parquet").write_bytes(b"damaged")
    damaged = irmogen("validate", bucket / "corpus", check=False)
    assert damaged.returncode == 3
    assert "goals/goals-00000-of-00002.parquet" in damaged.stderr


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("receipts/read-00000", marks=pytest.mark.slow),
        "receipts/ladder-00001",
        pytest.param("quality/gate.json", marks=pytest.mark.slow),
    ],
)
def test_a_killed_build_goes_on_in_its_bucket(
    bucket: StorePath, demo: Path, corpus: Path, moment: str
) -> None:
    def come() -> bool:
        folder, _, name = moment.rpartition("/")
        return any((bucket / "corpus" / folder).glob(f"{name}*"))

    ended = killed_irmogen("build", "--input", demo, "--output", bucket / "corpus", moment=come)
    assert ended.returncode == -9
    assert not (bucket / "corpus" / "manifest.json").exists()
    irmogen("build", "--input", demo, "--output", bucket / "corpus")
    assert objects(bucket / "corpus") == corpus_bytes(corpus)
    assert parts_left(bucket) == []


def test_a_store_that_refuses_and_breaks_off_costs_time_and_nothing_else(
    s3: str, bucket: StorePath, demo: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with flaky_proxy(s3) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
        store_client._client.cache_clear()
        built = irmogen("build", "--input", demo, "--output", bucket / "corpus")
        assert "gate passed" in built.stdout
        found = objects(bucket / "corpus")
        done = dict(proxy.done)
    assert found == corpus_bytes(corpus)
    assert done["slow_down"] > 0.05 * done["requests"]
    assert done["cut_upload"] >= 3
    assert done["lose_answer"] >= 3
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    assert parts_left(bucket) == []


@pytest.mark.slow
def test_answers_are_paid_for_once_where_the_ledger_is_in_a_bucket(
    s3: str, bucket: StorePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_demo(tmp_path / "data", motions=3)
    with flaky_proxy(s3) as proxy, fake_server(tmp_path / "server", "--latency", 0.01) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
        monkeypatch.setenv("OPENAI_API_KEY", "key")
        store_client._client.cache_clear()

        def build(output: Path, annotator: str) -> None:
            model = ("--annotator", annotator, "--base-url", server.base_url, "--model", "fake")
            small = ("--ladder", 1, "--perturbed", 1, "--wordings", 1)
            ledger = ("--ledger", bucket / "ledger")
            irmogen("build", "--input", tmp_path / "data", "--output", output, *model, *small, *ledger)

        build(bucket / "asked", "openai")
        sent = server.stats()["requests"]
        entries = list(Ledger(bucket / "ledger").entries())
        assert sent == len(entries) > 0
        build(bucket / "again", "openai-batch")
        assert server.stats()["requests"] == sent
        assert objects(bucket / "asked") == objects(bucket / "again")
        assert not list((bucket / "asked" / "run").rglob("*"))
