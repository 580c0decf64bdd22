"""Adapter files: every way to write one wrongly gets its own error, with its path, and several come out together."""

import json
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest
from fencepost.adapters import cli, rest
from fencepost.adapters.contract import SubjectError, open_subject

CLI = """
[subject]
name = "tool"
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
run = ["tool", "${rules_file}", "${address}"]
allow = { exit = 0 }
deny = { exit = 3 }
"""
BATCH = CLI.replace('"one"', '"batch"\neach = "${address}"').replace(', "${address}"]', "]")
BATCH = BATCH.replace("{ exit = 0 }", "{ line = '(?P<key>\\S+) yes' }")
BATCH = BATCH.replace("{ exit = 3 }", "{ line = '(?P<key>\\S+) no' }")
STAYS = BATCH.replace('"batch"', '"stays"').replace("(?P<key>\\S+) ", "")
REST = """
[subject]
name = "service"
version = "1.0"
profile = "keyvault"
features = ["ip-rules-only", "data-plane-only", "decisions-only"]
[service]
base = "http://127.0.0.1:8391"
[rules]
form = "json-list"
[rules.put]
path = "/rules"
body = "${rules}"
accepted = { status = 204 }
[default-action]
is = "emulated"
[decide]
path = "/secret"
source = { header = "X-Forwarded-For", hop = "only" }
allow = { status = 200 }
deny = { status = 403 }
"""
STARTED = REST.replace("[rules]", '[start]\nrun = ["service"]\nready = { get = "/" }\n[rules]')

PUT = '[rules.put]\npath = "/rules"\nbody = "${rules}"\naccepted = { status = 204 }'
FILES = {
    "cli": CLI,
    "batch": BATCH,
    "stays": STAYS,
    "rest": REST,
    "started": STARTED,
    "no-argument": CLI.replace('"${rules_file}", ', ""),
    "no-keys": BATCH.replace("(?P<key>\\S+) ", ""),
    "no-put": STARTED.replace(PUT, ""),
    "single": REST.replace('"decisions-only"]', '"decisions-only", "incremental-rules"]'),
}
WRONG = tomllib.loads((Path(__file__).parent / "wrong_files.toml").read_text(encoding="utf-8"))


def _opened(path: Path, text: str) -> SubjectError | None:
    path.write_text(text, encoding="utf-8")
    carrier = "rest" if "[service]" in text else "cli"
    try:
        open_subject(f"{carrier}:{path}").close()
    except SubjectError as error:
        return error
    return None


@pytest.mark.parametrize("text", [CLI, BATCH, STAYS, REST, STARTED], ids=["cli", "batch", "stays", "rest", "started"])
def test_a_file_without_mistakes_is_opened(tmp_path: Path, text: str) -> None:
    assert _opened(tmp_path / "fencepost.toml", text) is None


@pytest.mark.parametrize("name", WRONG)
def test_every_way_to_write_a_file_wrongly_has_its_error(tmp_path: Path, name: str) -> None:
    way = WRONG[name]
    text = FILES[way["file"]]
    assert way["before"] in text
    error = _opened(tmp_path / "fencepost.toml", text.replace(way["before"], way["after"]))
    assert error is not None
    assert way["says"] in str(error)


def test_an_error_about_long_or_many_values_is_short(tmp_path: Path) -> None:
    long = "a" * 100_000
    texts = (
        CLI.replace('"decisions-only"]', f'"decisions-only", "{long}"]'),
        CLI.replace('"decisions-only"]', '"decisions-only", "x", "x", "x"' + ', "y"' * 1_000 + "]"),
        f'{CLI}\n[subject.choices]\nduplicates = "{long}"\n"{long}" = "yes"\n',
    )
    for text in texts:
        assert text != CLI
        error = _opened(tmp_path / "fencepost.toml", text)
        assert error is not None
        assert len(str(error)) < 10_000
        assert re.search("[0-9,]+ mistakes? in the file", str(error))


def test_the_table_has_more_than_forty_ways() -> None:
    assert len(WRONG) >= 40
    assert len({way["says"] for way in WRONG.values()}) > 0.8 * len(WRONG)


def test_all_mistakes_of_a_file_come_out_together(tmp_path: Path) -> None:
    text = CLI.replace("form =", "from =").replace("${address}", "${adress}").replace("exit = 3", "exit = 300")
    error = _opened(tmp_path / "fencepost.toml", text)
    assert error is not None
    assert "3 mistakes in the file" in str(error)
    for path in ("rules.from", "decide.run[2]", "decide.deny.exit"):
        assert f"\n  {path}: " in str(error)


def test_a_template_without_jinja2_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert _opened(tmp_path / "plain.toml", CLI) is None
    error = _opened(tmp_path / "fencepost.toml", CLI.replace('"cidr-list"', '"jinja"\ntemplate = "x"'))
    assert error is not None
    assert 'rules.form: Jinja2 is not installed: pip install "fencepost[cli]"' in str(error)


def test_a_file_that_is_not_there_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(CLI)
    with pytest.raises(SubjectError, match=r"cannot be read.*mine\.toml; fencepost init cli"):
        open_subject(f"cli:{tmp_path / 'fencepost.toml'}")


@pytest.mark.parametrize(
    ("schema", "texts"), [(cli.file_schema(), [CLI, BATCH, STAYS]), (rest.file_schema(), [REST, STARTED])]
)
def test_the_schema_takes_what_the_carrier_takes(schema: Mapping[str, object], texts: list[str]) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(json.dumps(schema)))
    validator = jsonschema.Draft202012Validator(json.loads(json.dumps(schema)))
    for text in texts:
        assert not list(validator.iter_errors(tomllib.loads(text)))
        assert list(validator.iter_errors(tomllib.loads(text.replace("form =", "from ="))))
