"""Engines and libraries by their names: those that CI has are judged, and a faulty translation of each is failed."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import engines
from fencepost.conformance.commands import main

BOUNDED = ("--clause", "DEC-3", "--max-configurations", "4")
ANY_IP = pytest.mark.engine("any-ip")

CHOSEN = [
    # its name, the options, what makes it faulty: what stands in the file, and what stands there instead
    pytest.param(
        "haproxy", BOUNDED, "{ src -f ${rules_file} }", "{ src 0.0.0.0/1 }", marks=pytest.mark.engine("haproxy")
    ),
    pytest.param(
        "caddy", BOUNDED, "remote_ip {{", "remote_ip 0.0.0.0/1 {{", marks=[pytest.mark.engine("caddy"), ANY_IP]
    ),
    pytest.param(
        "nginx-geo",
        BOUNDED,
        "default ${default};",
        "default ${default}; 16.0.0.0/4 1;",
        marks=[pytest.mark.engine("nginx"), ANY_IP],
    ),
    pytest.param(
        "nftables",
        BOUNDED,
        "        {{ default }}\n",
        "        accept\n",
        marks=[pytest.mark.engine("nftables"), ANY_IP],
    ),
    pytest.param("grepcidr", (), '["grepcidr", "-x"', '["grepcidr", "-xv"', marks=pytest.mark.engine("grepcidr")),
    pytest.param("postfix", (), '"${value} OK"', '"128.0.0.0/2 OK\\n${value} OK"', marks=pytest.mark.engine("postfix")),
    pytest.param("ipaddress", (), '"rules ${rules}"', '"rules 20.0.0.0/6 ${rules}"'),
    pytest.param("netaddr", (), '"rules ${rules}"', '"rules 20.0.0.0/6 ${rules}"'),
    pytest.param("go-netip", (), '"rules ${rules}"', '"rules 20.0.0.0/6 ${rules}"', marks=pytest.mark.engine("go")),
    pytest.param(
        "node-blocklist", (), '"rules ${rules}"', '"rules 20.0.0.0/6 ${rules}"', marks=pytest.mark.engine("node")
    ),
]


def _check(subject: str, options: tuple[str, ...]) -> Result:
    return CliRunner().invoke(main, ["check", subject, *options], catch_exceptions=False)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "_before", "_after"), CHOSEN)
def test_an_engine_is_judged_by_its_name_and_found_right(
    name: str, options: tuple[str, ...], _before: str, _after: str
) -> None:
    result = _check(name, options)
    assert result.exit_code == 0, result.output


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "before", "after"), CHOSEN)
def test_a_faulty_translation_is_failed(
    name: str, options: tuple[str, ...], before: str, after: str, tmp_path: Path
) -> None:
    file = engines()[name]
    shutil.copytree(file.parent / "libraries", tmp_path / "libraries")
    text = file.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / file.name).write_text(text.replace(before, after), encoding="utf-8")
    carrier = file.name.split(".")[1]
    result = _check(f"{carrier}:{tmp_path / file.name}", (*options, "--fail-fast"))
    assert result.exit_code == 1, result.output


def test_every_engine_is_listed_with_what_it_is() -> None:
    listed = CliRunner().invoke(main, ["subjects"], env={"COLUMNS": "250"}).stdout
    for name, file in engines().items():
        first = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        assert f"  {name} " in listed
        assert first in listed
