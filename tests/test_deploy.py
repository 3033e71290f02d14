"""Files for Kubernetes and the image: valid by the schemas of their kinds, agreeing with each other and us.

They were not applied to a cluster here: what is tested is what can be known without one.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pipelines import build
from pipelines.beam_flags import pipeline_options
from pipelines.cli import COMMANDS
from pipelines.engines import check_folders, engine_of
from schemas.store_client import EXIT_NOT_NOW

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "pipelines" / "deploy"
KUBERNETES = ("1.31", "1.37")  # the oldest that is looked at, and the newest whose schemas are there
Resource = dict[str, Any]

RESOURCES: list[Resource] = [
    resource for path in sorted(DEPLOY.glob("*.yaml")) for resource in yaml.safe_load_all(path.read_text())
]


def name_of(resource: Resource) -> str:
    return f"{resource['kind']} {resource['metadata']['name']}"


def find(name: str) -> Resource:
    return copy.deepcopy(next(resource for resource in RESOURCES if name_of(resource) == name))


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("resource", RESOURCES, ids=name_of)
def test_every_resource_is_valid_by_the_schema_of_its_kind(resource: Resource, version: str) -> None:
    kubernetes_validate.validate(resource, version, strict=True)


def rename_replicas(resource: Resource) -> None:
    resource["spec"]["replica"] = resource["spec"].pop("replicas")


def misspell_in_container(resource: Resource) -> None:
    resource["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = "Always"


def port_as_words(resource: Resource) -> None:
    resource["spec"]["template"]["spec"]["containers"][1]["ports"][0]["containerPort"] = "fifty thousand"


def no_selector(resource: Resource) -> None:
    del resource["spec"]["selector"]


@pytest.mark.parametrize("broken", [rename_replicas, misspell_in_container, port_as_words, no_selector])
def test_a_broken_field_is_refused(broken: Callable[[Resource], None]) -> None:
    resource = find("Deployment flink-taskmanager")
    broken(resource)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(resource, KUBERNETES[-1], strict=True)


def pods() -> Iterator[tuple[Resource, Resource]]:
    """Every resource that makes pods, with their specification."""
    for resource in RESOURCES:
        if resource["kind"] in ("Deployment", "Job"):
            yield resource, resource["spec"]["template"]["spec"]


def containers() -> Iterator[Resource]:
    for _, pod in pods():
        yield from pod["containers"]


def test_all_kinds_that_a_build_needs_are_there() -> None:
    kinds = {resource["kind"] for resource in RESOURCES}
    assert kinds == {"Namespace", "ConfigMap", "PersistentVolumeClaim", "Deployment", "Service", "Job"}
    for resource in RESOURCES:
        if resource["kind"] != "Namespace":
            assert resource["metadata"]["namespace"] == find("Namespace irmogen")["metadata"]["name"]


def test_what_a_container_refers_to_is_there() -> None:
    made = {name_of(resource) for resource in RESOURCES} | {"Secret store-credentials"}
    for container in containers():
        for source in container.get("envFrom", []):
            for kind, reference in source.items():
                made_kind = {"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind]
                assert f"{made_kind} {reference['name']}" in made
        for variable in container.get("env", []):
            assert f"Secret {variable['valueFrom']['secretKeyRef']['name']}" in made
    for _, pod in pods():
        for volume in pod.get("volumes", []):
            assert f"PersistentVolumeClaim {volume['persistentVolumeClaim']['claimName']}" in made


def test_no_file_holds_a_secret() -> None:
    assert not any(resource["kind"] == "Secret" for resource in RESOURCES)


def test_services_find_their_pods_and_ports() -> None:
    found = 0
    for service in RESOURCES:
        if service["kind"] != "Service":
            continue
        selector = service["spec"]["selector"].items()
        chosen = [
            pod
            for resource, pod in pods()
            if resource["kind"] == "Deployment"
            and selector <= resource["spec"]["template"]["metadata"]["labels"].items()
        ]
        assert len(chosen) == 1
        ports = {
            port["name"]: port["containerPort"]
            for container in chosen[0]["containers"]
            for port in container.get("ports", [])
        }
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]
            found += 1
    assert found == 4


def test_deployments_select_their_own_pods() -> None:
    for resource, _ in pods():
        if resource["kind"] == "Deployment":
            labels = resource["spec"]["template"]["metadata"]["labels"]
            assert resource["spec"]["selector"]["matchLabels"] == labels


def test_the_build_is_one_that_our_command_takes() -> None:
    (container,) = find("Job build")["spec"]["template"]["spec"]["containers"]
    command, *arguments = container["args"]
    assert container["command"] == ["irmogen"]
    assert command in COMMANDS
    args, beam = parsed(arguments)
    engine = engine_of(pipeline_options(beam, 1))
    check_folders(engine, {"--input": str(args.input), "--output": str(args.output)})
    assert (engine.name, engine.environment) == ("FlinkRunner", "EXTERNAL")


def parsed(arguments: list[str]) -> tuple[Any, list[str]]:
    import argparse

    parser = argparse.ArgumentParser()
    build.add_arguments(parser)
    return parser.parse_known_args(arguments)


def test_the_builds_workers_are_those_of_the_task_managers() -> None:
    (container,) = find("Job build")["spec"]["template"]["spec"]["containers"]
    engine = engine_of(pipeline_options(parsed(container["args"][1:])[1], 1))
    manager, pool = find("Deployment flink-taskmanager")["spec"]["template"]["spec"]["containers"]
    (port,) = pool["ports"]
    assert engine.pool == f"localhost:{port['containerPort']}"
    assert pool["args"] == ["--worker_pool"]
    assert pool["image"] == container["image"]
    assert pool["envFrom"] == container["envFrom"]  # both sides find the store alike
    properties = yaml.safe_load(find("ConfigMap flink")["data"]["FLINK_PROPERTIES"])
    slots = properties["taskmanager.numberOfTaskSlots"]
    replicas = find("Deployment flink-taskmanager")["spec"]["replicas"]
    assert int(engine.values["parallelism"]) == slots * replicas
    assert int(engine.values["sdk_worker_parallelism"]) == slots
    service = find("Service flink-jobmanager")
    ports = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    assert engine.master == f"{properties['jobmanager.rpc.address']}:{ports['rest']}"
    assert service["metadata"]["name"] == properties["jobmanager.rpc.address"]
    flink = find("Deployment flink-jobmanager")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert manager["image"] == flink
    published = re.match(r"flink:(\d+\.\d+)-java\d+$", flink)
    assert published
    from apache_beam.options.pipeline_options import FlinkRunnerOptions

    assert published.group(1) in FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS


def test_the_image_has_the_versions_of_the_constraints() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    (base,) = re.findall(r"^FROM (\S+)$", dockerfile, re.MULTILINE)
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    assert base == f"apache/beam_python3.11_sdk:{pins['apache-beam']}"
    assert "constraints.txt" in dockerfile


def test_the_image_is_named_as_the_makefile_makes_it() -> None:
    (made,) = re.findall(r"^IMAGE_HERE = (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    ours = {container["image"] for container in containers() if container["image"].startswith("irmogen")}
    assert ours == {made}
    (version,) = re.findall(r'version="([^"]+)"', (ROOT / "setup.py").read_text())
    assert made == f"irmogen:{version}"


def test_the_build_is_tried_again_where_that_may_help() -> None:
    policy = find("Job build")["spec"]["podFailurePolicy"]["rules"]
    final = {code for rule in policy for code in rule["onExitCodes"]["values"]}
    assert final == {2, 3, 4, 5}
    assert EXIT_NOT_NOW not in final


def test_the_builds_flink_is_the_clusters() -> None:
    (version,) = [
        one.partition("=")[2]
        for container in containers()
        for one in container.get("args", ())
        if one.startswith("--flink_version=")
    ]
    images = [one["image"] for one in containers() if one["image"].startswith("flink:")]
    assert images
    assert all(image.startswith(f"flink:{version}-") for image in images)
