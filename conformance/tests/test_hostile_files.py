"""Every kind of file that a command reads, slightly damaged in each way: no traceback, no status without a cause."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from random import Random
from shutil import rmtree

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.certificate.bundle import ENVELOPE, MEMBERS, packed
from fencepost.conformance.certificate.envelope import seal, statement
from fencepost.conformance.certificate.keys import SigningKey, make_keys, read_signing_key
from fencepost.conformance.commands import main
from fencepost.conformance.regression.known import KnownFailure, file_content
from fencepost.conformance.regression.stored_case import StoredCase, json_text
from fencepost.conformance.run.journal import FILE_NAME, Journal
from fencepost.reports.model import Call, Report, Subject

pytestmark = pytest.mark.xdist_group("hostile files")

SUBJECT = "mutant:last-address-excluded"
PLACES = 24
"""So many values of a file are replaced."""

LONE_SURROGATE = '"\\ud800"'
VALUES = (
    *("null", "true", "-1", "0.5", "1e999", "NaN", "9" * 5000, '""', LONE_SURROGATE, '"\\u0000"', '"x"', "[]", "{}"),
    *("[" * 2000 + "]" * 2000, '{"a":' * 2000 + "1" + "}" * 2000, "[" * 200_000, "[null]", '{"a": 1, "a": 2}'),
)
"""What stands in the place of a value, as JSON or nearly so."""


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _torn(data: bytes) -> Iterator[bytes]:
    """The bytes damaged as bytes, whatever they mean."""
    yield from (b"", b"\n", b"\0" * 64, b"\xff\xfe", b"\xef\xbb\xbf" + data, data + data, data.replace(b"\n", b"\r\n"))
    yield from (data[: len(data) * part // 7] for part in range(1, 7))
    middle = len(data) // 2
    yield from (data[:middle] + bad + data[middle + 1 :] for bad in (b"\xff", b"\0", b"\xed\xa0\x80", b"[" * 200_000))
    yield from (value.encode() for value in VALUES)


def _places(value: object) -> Iterator[tuple[object, object]]:
    """Every value that stands within the value: what holds it, and its place there."""
    pairs: list[tuple[object, object]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value[:2]))
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


def _replaced(text: str, random: Random) -> Iterator[str]:
    """A JSON text with some of its values replaced, taken away, or under other names."""
    number = len(list(_places(json.loads(text))))
    for place in sorted(random.sample(range(number), min(PLACES, number))):
        for raw in (LONE_SURROGATE, *random.sample(VALUES, 4)):
            whole = json.loads(text)
            holder, key = list(_places(whole))[place]
            holder[key] = "@@"  # type: ignore[index]
            yield json.dumps(whole).replace('"@@"', raw)
        whole = json.loads(text)
        holder, key = list(_places(whole))[place]
        del holder[key]  # type: ignore[attr-defined]
        yield json.dumps(whole)


def _json_changed(data: bytes) -> Iterator[bytes]:
    yield from _torn(data)
    yield from (text.encode() for text in _replaced(data.decode(), Random(0)))


def _lines_changed(data: bytes) -> Iterator[bytes]:
    yield from _torn(data)
    lines, random = data.decode().splitlines(), Random(0)
    for place in sorted({0, 1, len(lines) // 2, len(lines) - 1}):
        before, line, after = lines[:place], lines[place], lines[place + 1 :]
        for texts in ([], [line, line], *([text] for text in list(_replaced(line, random))[:24])):
            yield "\n".join([*before, *texts, *after, ""]).encode()


def _toml_changed(data: bytes) -> Iterator[bytes]:
    yield from (b"", b"\xff\xfe", b"\0", data + data, data[: len(data) // 2], data[:-3])
    lines = data.decode().splitlines()
    for place, line in enumerate(lines):
        name = line.partition("=")[0]
        for instead in ("", f"{name}= {'9' * 5000}", f"{name}= {'[' * 5000}", f"{name}= 1979-05-27", f"{name}= inf"):
            yield "\n".join([*lines[:place], instead, *lines[place + 1 :]]).encode()


CALLS = (
    Call(method="reset", params={"subnets": []}),
    Call(
        method="putRules",
        params={
            "networkAcls": {
                "bypass": "None",
                "defaultAction": "Deny",
                "ipRules": [{"value": "20.0.0.0/24"}],
                "virtualNetworkRules": [],
            }
        },
    ),
    Call(
        method="decide",
        params={"requests": [{"plane": "data", "operation": "SecretGet", "source": {"address": "20.0.0.255"}}]},
    ),
)
PROFILE = "keyvault-2018-preview"
KNOWN = KnownFailure(
    clause="DEC-4",
    profile=PROFILE,
    calls=CALLS,
    expected="allow",
    got="deny",
    reason="the old engine",
    issue="https://issues.example/1",
    expires=date(2999, 1, 1),
)
CASE = StoredCase(clause="DEC-4", profile=PROFILE, calls=CALLS, expected="allow", why="inside")
STATEMENT = {
    "protocol": "1.0",
    "name": "it",
    "version": "1",
    "profile": "keyvault",
    "features": ["ip-rules-only", "data-plane-only", "decisions-only"],
    "choices": {},
    "settleSeconds": 0,
}
CLI_FILE = f"""
[subject]
name = "allowed"
version = "1.0"
profile = "keyvault"
features = ["ip-rules-only", "data-plane-only", "decisions-only"]

[rules]
form = "cidr-list"
file = "rules.txt"

[default-action]
is = "emulated"

[decide]
way = "one"
run = ["{sys.executable}", "-c", "raise SystemExit(7)"]
parallel = 1
allow = {{ exit = 0, stdout = '^in$' }}
deny = {{ exit = 3, stdout = '^out$' }}
"""

OWNER = ("--reason", "r", "--issue", "https://issues.example/1", "--expires", "2999-01-01")
HARNESS = """
import json
from pathlib import Path
from fencepost.conformance.peers import StdlibVault

class Vault(StdlibVault):
    def describe(self):
        return json.loads(Path({file!r}).read_bytes())
"""


TARGET_FILE = b"""
reset = "reuse"
[endpoint]
control = "http://127.0.0.1:1"
tenant = "t"
subscription = "s"
resource-group = "g"
unheard = "of"
[caller]
address = "header"
"""


def _signed(key: SigningKey) -> bytes:
    """A bundle whose statement is signed, and whose other members hold little."""
    found = {
        "implementation": {"artifacts": {}},
        "suite": {"version": "1", "sha256": "0"},
        "catalogue": {"version": "1", "sha256": "0"},
    }
    others = {name: b"{}" for name in MEMBERS if name != ENVELOPE}
    report = Report(
        kit_version="1",
        catalogue_version="2",
        profile=PROFILE,
        effort="quick",
        seed=0,
        subject=Subject(subject="it"),
        result="pass",
        exit_status=0,
    )
    return packed({**others, ENVELOPE: seal(statement(others, report, found), key)})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """A whole file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "remove", Journal.close)  # as a killed run leaves it
        assert _run("check", SUBJECT, "--clause", "DEC-4", "--report", folder).exit_code == 1
    vectors = _run("vectors", "export", "--profile", PROFILE)
    assert vectors.exit_code == 0
    assert _run("campaign", "plan", SUBJECT, "--shards", "2", "--seeds", "1", "--out", folder / "plan").exit_code == 0
    make_keys(folder / "key")
    few = json.loads(vectors.stdout)
    for value in few.values():
        if isinstance(value, list):
            del value[3:]
    return {
        "report.json": (folder / "report.json").read_bytes(),
        "run.ndjson": (folder / "run.ndjson").read_bytes(),
        "journal.ndjson": (folder / FILE_NAME).read_bytes(),
        "known.json": json_text(file_content((KNOWN,))).encode(),
        "case.json": json_text(CASE.to_json()).encode(),
        "vectors.json": json.dumps(few).encode(),
        "rules.json": json.dumps(CALLS[1].params["networkAcls"]).encode(),
        "request.json": json.dumps(CALLS[2].params["requests"][0]).encode(),  # type: ignore[index]
        "network.json": b'{"subnets": [{"id": "/a/b", "serviceEndpoints": ["Microsoft.KeyVault"]}]}',
        "statement.json": json.dumps(STATEMENT).encode(),
        "cli.toml": CLI_FILE.encode(),
        "plan.json": (folder / "plan").read_bytes(),
        "target.toml": TARGET_FILE,
        "key": (folder / "key").read_bytes(),
        "key.pub": (folder / "key.pub").read_bytes(),
        "bundle.zip": _signed(read_signing_key(folder / "key")),
    }


Changed = Callable[[bytes], Iterator[bytes]]
Row = tuple[str, Changed, tuple[str, ...], frozenset[int]]
COMMANDS: tuple[Row, ...] = (
    ("report.json", _json_changed, ("report", "FILE"), frozenset({0, 2})),
    ("run.ndjson", _lines_changed, ("report", "FILE"), frozenset({0, 2})),
    ("run.ndjson", _torn, ("matrix", "FILE", "WHOLE"), frozenset({0, 2})),
    ("run.ndjson", _torn, ("diff", "FILE", "WHOLE"), frozenset({0, 1, 2})),
    ("report.json", _json_changed, ("baseline", "add", "NEW", "--from", "FILE", *OWNER), frozenset({0, 2})),
    ("known.json", _json_changed, ("baseline", "list", "FILE"), frozenset({0, 2})),
    ("known.json", _torn, ("check", "reference", "--clause", "LIM-9", "--known", "FILE"), frozenset({0, 1, 2})),
    ("case.json", _json_changed, ("replay", "FILE", "reference"), frozenset({0, 1, 2})),
    (
        "vectors.json",
        _json_changed,
        ("vectors", "run", "FILE", "reference:keyvault-2018-preview"),
        frozenset({0, 1, 2}),
    ),
    ("rules.json", _json_changed, ("explain", "FILE", "20.0.0.1"), frozenset({0, 2})),
    ("request.json", _json_changed, ("explain", "RULES", "FILE"), frozenset({0, 2})),
    ("network.json", _json_changed, ("explain", "RULES", "20.0.0.1", "--network", "FILE"), frozenset({0, 2})),
    ("statement.json", _json_changed, ("smoke", "library:hostile_statement:Vault"), frozenset({0, 1, 2})),
    ("cli.toml", _toml_changed, ("smoke", "cli:FILE"), frozenset({1, 2})),
    ("plan.json", _json_changed, ("campaign", "merge", "FILE", "FOLDER"), frozenset({2})),
    ("plan.json", _json_changed, ("campaign", "run", "FILE", "--shard", "9/9", "--out", "NEW"), frozenset({2})),
    ("target.toml", _toml_changed, ("clean", "FILE", "--dry-run"), frozenset({2})),
    ("bundle.zip", _torn, ("verify", "FILE", "--key", "KEY.pub"), frozenset({1, 2})),
    ("key", _torn, ("certify", "reference", "--out", "NEW", "--key", "FILE", "--artifact", "absent"), frozenset({2})),
    ("key.pub", _torn, ("verify", "BUNDLE", "--key", "FILE"), frozenset({1, 2})),
    (
        "journal.ndjson",
        _lines_changed,
        ("check", SUBJECT, "--clause", "DEC-4", "--resume", "FOLDER"),
        frozenset({1, 2}),
    ),
    ("case.json", _torn, ("check", "reference", "--clause", "LIM-9", "--regressions", "FOLDER"), frozenset({0, 2, 3})),
)
"""A kind of file, how it is changed, the command that reads it, and the exit statuses that its help names."""


PLACED = {"WHOLE": "run.ndjson", "RULES": "rules.json", "BUNDLE": "bundle.zip", "KEY.pub": "key.pub"}
"""The names of whole files in a command."""


@pytest.mark.slow
@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: f"{' '.join(row[2][:2])} {row[0]}")
def test_no_change_of_a_file_ends_a_command_in_a_traceback(
    files: Mapping[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    kind, changed, words, statuses = row
    folder = tmp_path / "folder"
    folder.mkdir()
    file, new = folder / kind, tmp_path / "new"
    places = {"FOLDER": str(folder), "NEW": str(new), "cli:FILE": f"cli:{file}", "FILE": str(file)}
    for name, whole in PLACED.items():
        (tmp_path / name).write_bytes(files[whole])
        places[name] = str(tmp_path / name)
    (tmp_path / "hostile_statement.py").write_text(HARNESS.format(file=file))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    arguments = [places.get(word, word) for word in words]
    found = set()
    for data in changed(files[kind]):
        rmtree(folder)
        folder.mkdir()
        new.unlink(missing_ok=True)
        file.write_bytes(data)
        result = _run(*arguments)
        if not isinstance(result.exception, SystemExit | None) or result.exit_code not in statuses:
            found.add((repr(result.exception)[:100], data[:60], len(data)))
    assert not found
    file.unlink(missing_ok=True)
    for is_folder in (True, False):  # else it is a link to itself
        if is_folder:
            file.mkdir()
        else:
            file.symlink_to(file)
        result = _run(*arguments)
        assert isinstance(result.exception, SystemExit)
        assert result.exit_code == 2
        rmtree(folder)
        folder.mkdir()
