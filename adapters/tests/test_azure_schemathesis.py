"""Schemathesis over the server's own OpenAPI document: no request of it is answered with a 500."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from azure_http import CONTROL, DATA, Wire
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.data_plane import operation_of
from fencepost.adapters.azure_server.openapi import control_document, data_document
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.contract.vocabulary import DATA_OPERATIONS

EXAMPLES = os.environ.get("FENCEPOST_SCHEMATHESIS", "8")
"""So many requests an operation; by hand more, as FENCEPOST_SCHEMATHESIS=500."""

SEED = "16"
NAMES = ("kv-one", "kv-two", "x")


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running(Options(most_vaults=1024)) as server:
        yield Wire(running=server)


def run(document: Mapping[str, object], url: str, token: str, wire: Wire, folder: Path) -> None:
    """Send the requests that Schemathesis generates from the document; a 500 fails, in an answer or in the log."""
    path, authority = folder / "openapi.json", folder / "ca.pem"
    path.write_text(json.dumps(document), encoding="utf-8")
    authority.write_text(wire.running.server.certificates, encoding="utf-8")
    program = shutil.which("schemathesis", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert program is not None
    options = ["-H", f"Authorization: Bearer {token}", "--seed", SEED, "--max-examples", EXAMPLES, "--no-color"]
    chosen = ["--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--continue-on-failure"]
    command = [program, "run", str(path), "--url", url, "--tls-verify", str(authority), *options, *chosen]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    heads = (re.split(" wrote | did not write ", line)[0] for line in wire.running.log)
    broken = [head for head in heads if re.search(r": \w* ?5\d\d(?: |$)", head)]
    assert not broken, broken[:3]
    assert done.returncode == 0, done.stdout[-4000:]
    assert len(wire.running.log) > 100


@pytest.mark.slow
@pytest.mark.engine("schemathesis")
def test_no_request_to_the_control_plane_is_answered_with_a_500(wire: Wire, tmp_path: Path) -> None:
    world = wire.running.server.world
    known = {
        "subscription": (world.subscription,),
        "group": (world.group,),
        "name": NAMES,
        "network": ("net",),
        "subnet": NAMES,
        "location": ("westeurope",),
    }
    document = control_document({**known, "how": ("add", "replace", "remove", "other")})
    run(document, world.control_url, wire.token(CONTROL), wire, tmp_path)


@pytest.mark.slow
@pytest.mark.engine("schemathesis")
def test_no_request_to_a_vault_is_answered_with_a_500(wire: Wire, tmp_path: Path) -> None:
    wire.create()
    document = data_document({"name": NAMES})
    run(document, wire.uris[wire.vault], wire.token(DATA), wire, tmp_path)


def test_the_document_has_every_data_operation_and_no_other() -> None:
    document: Any = data_document()
    paths = {(method, path) for path, methods in document["paths"].items() for method in methods}
    parts = [(method.upper(), path.format(name="n", version="v").strip("/").split("/")) for method, path in paths]
    found = [operation_of(method, segments) for method, segments in parts]
    assert {operation.name for operation in found if operation is not None} == set(DATA_OPERATIONS)
    assert None not in found
