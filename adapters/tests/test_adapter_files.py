"""Adapter files: every way to write one wrongly gets its own error, with its path, and several come out together."""

import json
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

WRONG: dict[str, tuple[str, str, str, str]] = {
    # name: (the file, a text in it, what stands there instead, what the error says)
    "not TOML": (CLI, "[rules]", "[rules", "the file is not TOML"),
    "a key that does not exist": (CLI, "form =", "from =", "rules.from: no such key; did you mean 'form'?"),
    "a section that does not exist": (CLI, "[decide]", "[decides]", "decides: no such key; did you mean 'decide'?"),
    "a section that is missing": (CLI, '[default-action]\nis = "emulated"', "", "default-action: it is missing"),
    "a key that is missing": (CLI, 'name = "tool"', "", "subject.name: it is missing; expected a string"),
    "another type": (CLI, 'profile = "keyvault"', "profile = 2018", "subject.profile: expected a string, got 2018"),
    "a command that is no list": (CLI, 'run = ["tool", "${rules_file}", "${address}"]', 'run = "tool"', "decide.run: expected a list"),
    "an empty command": (CLI, 'run = ["tool", "${rules_file}", "${address}"]', "run = []", "decide.run: expected at least one entry"),
    "a word that is no choice": (CLI, '"cidr-list"', '"cidrlist"', "rules.form: expected 'cidr-list' or"),
    "the near miss of a word": (CLI, '"emulated"', '"emulate"', "did you mean 'emulated'?"),
    "a feature that does not exist": (CLI, '"ip-rules-only"', '"ip-rule-only"', "subject.features[0]: no such feature: 'ip-rule-only'; did you mean 'ip-rules-only'?"),
    "a feature that no file can carry": (CLI, '"decisions-only"]', '"decisions-only", "service-endpoints"]', "subject.features[3]: 'service-endpoints' takes a harness"),
    "a choice that does not exist": (CLI, '"keyvault"', '"keyvault"\nchoices = { host-bit = "mask" }', "subject.choices['host-bit']: no such choice; did you mean 'host-bits'?"),
    "a value that the choice has not": (CLI, '"keyvault"', '"keyvault"\nchoices = { host-bits = "drop" }', "expected one of reject, mask, got 'drop'"),
    "a settle time over fifteen minutes": (CLI, '"keyvault"', '"keyvault"\nsettle-seconds = 901', "subject.settle-seconds: expected at most 900"),
    "a placeholder that does not exist": (CLI, "${address}", "${adress}", "decide.run[2]: no placeholder ${adress} is known here; did you mean 'address'?"),
    "a variable that is not set": (CLI, '"tool", ', '"tool", "${env.FENCEPOST_NOT_SET}", ', "the environment has no variable 'FENCEPOST_NOT_SET'"),
    "no address in the command": (CLI, ', "${address}"', "", "decide.run: neither run nor stdin says ${address}"),
    "a status that a crash has too": (CLI, "exit = 3", "exit = 1", "decide.deny.exit: exit status 1 is also what Python"),
    "a crash among the statuses": (CLI, "exit = 3", "exit = [3, 2]", "exit status 2 is also what Go"),
    "allow by a status that a crash has too": (CLI, "exit = 0", "exit = 101", "decide.allow.exit: exit status 101 is also what Rust"),
    "one status for two meanings": (CLI, "exit = 3", "exit = 0", "decide.deny.exit: exit status 0 means allow too"),
    "a mapping without a condition": (CLI, "{ exit = 3 }", "{ }", "decide.deny: it has no condition, so everything would fit it"),
    "no mapping for deny": (CLI, "deny = { exit = 3 }", "", "decide.deny: it is missing: nothing would mean deny"),
    "a status that does not exist": (CLI, "exit = 3", "exit = 300", "decide.deny.exit: expected at most 255, got 300"),
    "a regular expression that is none": (CLI, "exit = 3", "exit = 3, stdout = '(no'", "decide.deny.stdout: not a regular expression"),
    "a JSON path that is none": (CLI, "exit = 3", "json = { 'allowed' = false }", "'allowed': not a JSON path: a JSON path begins with $"),
    "lines without their template": (CLI, '"cidr-list"', '"lines"', "rules.line: it is missing"),
    "a line that is always the same": (CLI, '"cidr-list"', '"lines"\nline = "allow all"', "rules.line: nothing in it is ${value}"),
    "a line in another form": (CLI, '"cidr-list"', '"cidr-list"\nline = "${value}"', "rules.line: it is used by form = 'lines' alone"),
    "a head in another form": (CLI, '"cidr-list"', '"json-list"\nhead = "# rules"', "rules.head: form = 'json-list' has no head"),
    "jinja without a template": (CLI, '"cidr-list"', '"jinja"', "rules.template: it is missing"),
    "a template that is none": (CLI, '"cidr-list"', '"jinja"\ntemplate = "{% for %}"', "rules.template: not a Jinja2 template"),
    "rules that go nowhere": (CLI.replace('"${rules_file}", ', ""), 'file = "rules.txt"', "", "rules: the rules go nowhere"),
    "the path of a file that there is not": (CLI, 'file = "rules.txt"', "", "rules.file: it is missing, and ${rules_file} stands for it"),
    "a default action that is said nowhere": (CLI, '"emulated"', '"native"', "default-action.is: 'native', but nothing in the file is ${default}"),
    "always-deny with a default action": (CLI, '"decisions-only"]', '"decisions-only", "always-deny"]', "'always-deny' says that there is no default action"),
    "subnets in a form that has none": (CLI, '"ip-rules-only", ', "", "subject.features: form = 'cidr-list' holds IP rules alone"),
    "planes that are not told apart": (CLI, '"data-plane-only", ', "", "without 'data-plane-only' a request must say ${plane}"),
    "services that are not said": (CLI, '"decisions-only"]', '"decisions-only", "trusted-services"]', "'trusted-services' takes a request that says ${service}"),
    "no way to refuse": (CLI, ', "decisions-only"', "", "subject.features: nothing maps to refused"),
    "a check that cannot tell a crash": (CLI, 'file = "rules.txt"', 'file = "rules.txt"\ncheck = { run = ["c"], refused = { exit = 1 } }', "rules.check.refused.exit: exit status 1 is also"),
    "an address that is none": (CLI, "[decide]", '[language]\nunsendable = ["224.0.0.0/40"]\n[decide]', "language.unsendable[0]: not an IPv4 address or range"),
    "no rules at all": (CLI, "[decide]", "[language]\nmost-rules = 0\n[decide]", "language.most-rules: expected more than 0, got 0"),
    "a key of another way": (CLI, "exit = 3 }", 'exit = 3 }\neach = "${address}"', "decide.each: it belongs to the way 'batch' and 'stays'"),
    "a port in a cli file": (CLI, '"tool", ', '"tool", "${port.web}", ', "is known in rest: files alone"),
    "a batch without its line": (BATCH, 'each = "${address}"', "", "decide.each: it is missing"),
    "a line without an address": (BATCH, 'each = "${address}"', 'each = "ask"', "decide.each: it does not say ${address}"),
    "two lines for a request": (BATCH, 'each = "${address}"', 'each = "${address}\\n"', "decide.each: it is one line"),
    "a batch read by its status": (BATCH, "{ line = '(?P<key>\\S+) no' }", "{ exit = 3 }", "decide.deny: way = 'batch' reads lines"),
    "keys in one mapping alone": (BATCH, "(?P<key>\\S+) no", "no", "decide: either every line has a group"),
    "absent without keys": (BATCH.replace("(?P<key>\\S+) ", ""), "deny = { line = 'no' }", 'absent = "deny"', "decide.absent: it takes lines with a group"),
    "a batch that ends like a crash": (BATCH, "deny =", "done = { exit = [0, 1] }\ndeny =", "decide.done.exit: exit status 1 is also"),
    "rules sent without reading the answer": (STAYS, "deny =", 'rules = "rules ${rules}"\ndeny =', "decide.accepted: it is missing"),
    "an answer to rules that are not sent": (STAYS, "deny =", "accepted = { line = 'ok' }\ndeny =", "decide.accepted: without decide.rules nothing asks for it"),
    "a base that is no URL": (REST, "http://127.0.0.1:8391", "127.0.0.1:8391", "service.base: expected http://HOST"),
    "a password in the URL": (REST, "http://", "http://me:pw@", "service.base: no user and password here"),
    "a source of two kinds": (REST, 'hop = "only"', 'hop = "only", proxy = "v2"', "expected just one of header, proxy and bound = true, got header and proxy"),
    "no source": (REST, '{ header = "X-Forwarded-For", hop = "only" }', "{ }", "got none"),
    "a header without its hop": (REST, ', hop = "only"', "", "decide.source.hop: it is missing; say which address of the header"),
    "a hop without the others": (REST, '"only"', '"last"', "decide.source.beside: it is missing"),
    "others of an only hop": (REST, '"only"', '"only", beside = ["10.0.0.1"]', "decide.source.beside: it belongs to"),
    "the source's header twice": (REST, 'path = "/secret"', 'path = "/secret"\nheaders = { x-forwarded-for = "1.2.3.4" }', "decide.headers: 'X-Forwarded-For' is the source's"),
    "a bound address without a start": (REST, '{ header = "X-Forwarded-For", hop = "only" }', "{ bound = true }", "decide.source.bound: a bound address takes a service that is started"),
    "a port that has no name": (STARTED, "8391", "${port.web}", "service.base: no such port: ${port.web}; start.ports names none"),
    "a process that is not started": (REST, 'path = "/rules"', 'path = "/rules/${pid}"', "rules.put.path: ${pid} is the service that start.run started"),
    "deny by a broken service": (REST, "status = 403", "status = 500", "decide.deny.status: 500 is what a broken service answers with too"),
    "deny by a wrong path": (REST, "status = 403", "status = 404", "404 is what a path that does not exist answers with too"),
    "one answer for two meanings": (REST, "status = 403", "status = 200", "decide.deny.status: 200 means allow too"),
    "an HTTP status that does not exist": (REST, "status = 403", "status = 1403", "decide.deny.status: expected at most 599"),
    "a method that does not exist": (REST, 'path = "/secret"', 'path = "/secret"\nmethod = "FETCH"', "decide.method: expected"),
    "a header's name that is none": (REST, 'path = "/secret"', 'path = "/secret"\nheaders = { "X Y" = "1" }', "'X Y' is no name of a header"),
    "two places for one thing": (REST, "status = 403 }", 'status = 403 }\nseen = { header = "X", json = "$.x" }', "decide.seen: expected just one of header, json and body, got header and json"),
    "a mark that is never sent": (REST, "status = 403 }", 'status = 403 }\nmark = { header = "X-Mark" }', "decide.mark: nothing that is sent or written says ${mark}"),
    "a settle whose mark never comes": (REST, 'form = "json-list"', 'form = "json-list"\nsettle = { get = "/", header = "X-Mark" }', "rules.settle.equals: nothing that is sent or written says ${mark}"),
    "rules that are not in the request": (REST, "${rules}", "nothing", "rules: the rules go nowhere"),
    "a file that nobody is told of": (STARTED.replace('[rules.put]\npath = "/rules"\nbody = "${rules}"\naccepted = { status = 204 }', ""), 'form = "json-list"', 'form = "json-list"\nfile = "r"', "rules.file: nothing tells the service of its file"),
    "a restart without a start": (REST, 'form = "json-list"', 'form = "json-list"\nrestart = true', "rules.restart: there is no start"),
    "a feature without its section": (REST, '"decisions-only"]', '"decisions-only", "read-back"]', "read-back: it is missing, and subject.features says 'read-back'"),
    "a section without its feature": (REST, "[decide]", '[read-back]\nget = "/rules"\n[decide]', "'read-back' is missing, and there is a section read-back"),
    "a single change without its rule": (REST.replace('"decisions-only"]', '"decisions-only", "incremental-rules"]'), "[decide]", '[single]\nadd = { path = "/a", accepted = { status = 200 } }\nremove = { path = "/r/${value}", accepted = { status = 200 } }\n[decide]', "single.add: nothing in it is ${value}"),
    "a key without its certificate": (REST, "[rules]", '[service.tls]\nkey = "k.pem"\n[rules]', "service.tls.certificate: it is missing"),
}  # fmt: skip


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
    text, before, after, says = WRONG[name]
    assert before in text
    error = _opened(tmp_path / "fencepost.toml", text.replace(before, after))
    assert error is not None
    assert says in str(error)


def test_the_table_has_more_than_forty_ways() -> None:
    assert len(WRONG) >= 40
    assert len({says for *_, says in WRONG.values()}) > 0.8 * len(WRONG)


def test_all_mistakes_of_a_file_come_out_together(tmp_path: Path) -> None:
    text = CLI.replace("form =", "from =").replace("${address}", "${adress}").replace("exit = 3", "exit = 300")
    error = _opened(tmp_path / "fencepost.toml", text)
    assert error is not None
    assert "3 mistakes in the file" in str(error)
    for path in ("rules.from", "decide.run[2]", "decide.deny.exit"):
        assert f"\n  {path}: " in str(error)


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
