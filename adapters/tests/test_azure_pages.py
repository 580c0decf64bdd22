"""The pages about Azure's wire: blocks of theirs are run as they stand, with the real SDKs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fencepost.adapters.azure.target import Identities, load_target, save_target
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options
from msgspec.structs import replace

pytestmark = pytest.mark.engine("azure")

DOCS = Path(__file__).parents[2] / "docs"
FENCEPOST = Path(sys.executable).parent


def blocks(page: str) -> dict[str, str]:
    """The blocks of the page that have a name, by it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^```(?:sh|python|toml) (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{FENCEPOST}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"set -m\n{script}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_served_vault_is_wired_up(tmp_path: Path) -> None:
    page = (DOCS / "azure.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"^```[^\n]*\n(fencepost serve --target.*?)^```$", page, re.DOTALL | re.MULTILINE)
    done = run(f"trap 'kill %1' EXIT\n{script}", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 of 10" in done.stdout


def test_the_program_of_the_page_is_refused_by_the_rules_that_it_puts(tmp_path: Path) -> None:
    page = (DOCS / "azure.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "put_rules.py").write_text(program, encoding="utf-8")
    with running(Options(target=tmp_path / "t.toml")):
        done = run("python put_rules.py", tmp_path)
    assert done.stdout == "403 ForbiddenByFirewall\n", done.stderr


def test_the_app_of_the_page_survives_a_refusing_vault(tmp_path: Path) -> None:
    files = blocks("test-a-refusing-vault.md")
    assert set(files) == {"app.py", "test_app.py"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = run("python -m pytest -q -p no:cacheprovider", tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_an_app_that_trusts_every_vault_fails_that_test(tmp_path: Path) -> None:
    files = blocks("test-a-refusing-vault.md")
    (tmp_path / "app.py").write_text(files["app.py"].replace("!= 403", "== 403"), encoding="utf-8")
    (tmp_path / "test_app.py").write_text(files["test_app.py"], encoding="utf-8")
    assert "1 failed" in run("python -m pytest -q -p no:cacheprovider", tmp_path).stdout


def test_the_page_leads_from_an_emulator_to_its_first_clause(tmp_path: Path) -> None:
    steps = blocks("certify-your-emulator.md")
    done = run("".join(steps[name] for name in ("emulator", "smoke", "clause", "end")), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WIRED UP  10 of 10" in done.stdout


def test_the_target_file_of_the_page_asks_nothing_that_it_cannot_convey(tmp_path: Path) -> None:
    served, written = tmp_path / "served.toml", tmp_path / "target.toml"
    with running(Options(target=served, hops=1)):
        written.write_text(blocks("certify-your-emulator.md")["target.toml"], encoding="utf-8")
        example, there = load_target(written), load_target(served)
        authorized = there.identities.authorized
        assert authorized.checks_secret is example.identities.authorized.checks_secret is False
        save_target(replace(example, endpoint=there.endpoint, identities=Identities(authorized=authorized)), written)
        done = run("fencepost smoke azure:target.toml", tmp_path)
    assert done.returncode == 0, done.stdout
    assert "WIRED UP  10 of 10" in done.stdout


@pytest.mark.slow
def test_the_page_leads_from_an_emulator_to_a_certificate(tmp_path: Path) -> None:
    steps = blocks("certify-your-emulator.md")
    done = run("".join(steps[name] for name in ("emulator", "certify", "end")), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "certificate.zip").exists()
