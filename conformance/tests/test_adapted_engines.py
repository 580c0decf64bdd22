"""Tools and services not written for this, adapted by a TOML file alone: each judged, each faulty one failed."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.commands import main

EXAMPLES = Path(__file__).parents[2] / "adapters" / "examples"
BOUNDED = ("--clause", "DEC-3", "--max-configurations", "4")
WHOLE = ()

ENGINES = [
    pytest.param("cli", "grepcidr", WHOLE, id="grepcidr", marks=pytest.mark.engine("grepcidr")),
    pytest.param("cli", "postfix", WHOLE, id="postfix", marks=pytest.mark.engine("postfix")),
    pytest.param("cli", "go-acl", WHOLE, id="go", marks=pytest.mark.engine("go")),
    pytest.param("cli", "shell", BOUNDED, id="shell"),
    pytest.param("rest", "nginx", BOUNDED, id="nginx", marks=pytest.mark.engine("nginx")),
    pytest.param(
        "rest", "caddy", BOUNDED, id="caddy", marks=[pytest.mark.engine("caddy"), pytest.mark.engine("any-ip")]
    ),
    pytest.param("rest", "haproxy", BOUNDED, id="haproxy", marks=pytest.mark.engine("haproxy")),
]

FAULTS = {
    # which file, what stands there, what a faulty one has instead, and what that does
    "grepcidr": (
        "grepcidr.toml",
        '["grepcidr", "-x", "-f", "${rules_file}"]',
        '["sh", "-c", "head -n 2 $1 | grepcidr -x -f /dev/stdin 2>&1", "sh", "${rules_file}"]',
    ),
    "postfix": ("postfix.toml", 'tail = "0.0.0.0/0 ${default}"', 'tail = "20.0.0.0/6 OK\\n0.0.0.0/0 ${default}"'),
    "go-acl": ("acl.go", "if one.Contains(address) {", "if one.Contains(address) && address != one.Addr() {"),
    "shell": ("allowed.sh", "[ $(((address ^ n) & mask)) -eq 0 ]", "[ $(((address ^ n) & mask & ~255)) -eq 0 ]"),
    "nginx": ("nginx.toml", 'head = "', 'head = "allow 16.0.0.0/4;\\n'),
    "caddy": ("caddy.toml", "remote_ip {{ ip_rules", "remote_ip 0.0.0.0/1 {{ ip_rules"),
    "haproxy": ("haproxy.toml", "if { src -f ${rules_file} }", "if { src -f ${rules_file} } or { src 0.0.0.0/1 }"),
}  # fmt: skip


def _check(carrier: str, path: Path, options: tuple[str, ...]) -> Result:
    return CliRunner().invoke(main, ["check", f"{carrier}:{path}", *options], catch_exceptions=False)


@pytest.mark.slow
@pytest.mark.parametrize(("carrier", "name", "options"), ENGINES)
def test_an_adapted_engine_is_judged_and_found_right(carrier: str, name: str, options: tuple[str, ...]) -> None:
    result = _check(carrier, EXAMPLES / carrier / f"{name}.toml", options)
    assert result.exit_code == 0, result.output
    assert "PASS" in result.stdout or "PARTIAL" in result.stdout


@pytest.mark.parametrize(("carrier", "name", "options"), ENGINES)
def test_a_faulty_version_of_an_adapted_engine_is_failed(
    tmp_path: Path, carrier: str, name: str, options: tuple[str, ...]
) -> None:
    shutil.copytree(EXAMPLES / carrier, tmp_path / carrier)
    file, before, after = FAULTS[name]
    text = (tmp_path / carrier / file).read_text(encoding="utf-8")
    assert before in text
    (tmp_path / carrier / file).write_text(text.replace(before, after), encoding="utf-8")
    result = _check(carrier, tmp_path / carrier / f"{name}.toml", (*options, "--fail-fast"))
    assert result.exit_code == 1, result.output


@pytest.mark.engine("nginx")
def test_what_a_spoofed_list_does_to_nginx_stands_beside_the_clauses() -> None:
    result = _check("rest", EXAMPLES / "rest" / "nginx.toml", (*BOUNDED[:2], "--max-configurations", "1"))
    output = " ".join(result.stdout.split())
    assert "X-Forwarded-For: 9.9.9.9, 20.1.2.3" in output
    assert "goes by the last observed, not judged" in output
