"""`cli:`: how a rule set gets to the tool, what is inconclusive, what a refusal leaves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from cli_files import HEAD, LISTED, ONE, Opening, openings
from declared_calls import ask, put
from fencepost.adapters.contract import (
    MalformedResult,
)


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    yield from openings(tmp_path)


def test_a_reset_leaves_no_rule_behind(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, ONE)
    put(connection, "1.2.3.4")
    connection.call("reset", {"subnets": []})
    assert ask(connection, "1.2.3.5") == ["allow"]


def test_the_rules_may_go_to_stdin_an_argument_or_the_environment(opening: Opening) -> None:
    for place, script in (
        ("stdin = '${rules}'\nrun = ['sh', '-c', '''SCRIPT''', 'sh', '', '${address}']\n", 'rules=$(cat)'),
        ("run = ['sh', '-c', '''SCRIPT''', 'sh', '${rules}', '${address}']\n", 'rules=$1'),
        ("env = { RULES = '${rules}' }\nrun = ['sh', '-c', '''SCRIPT''', 'sh', '', '${address}']\n", 'rules=$RULES'),
    ):  # fmt: skip
        asking = script + '; case " $rules " in *" $2 "*) echo in; exit 0;; esac; echo out; exit 1'
        rules = '[rules]\nform = "lines"\nline = "${value}"\nbetween = " "\n[default-action]\nis = "emulated"\n'
        readings = ONE[ONE.index("allow =") :]
        connection = opening(HEAD, rules, "[decide]\n", place.replace("SCRIPT", asking), readings)
        put(connection, "1.2.3.4", "5.6.7.8")
        assert ask(connection, "5.6.7.8", "5.6.7.9") == ["allow", "deny"], place


def test_a_rule_set_too_long_for_an_argument_is_inconclusive(opening: Opening) -> None:
    run = "[decide]\nrun = ['sh', '-c', 'exit 0', 'sh', '${rules}', '${address}']\n"
    run += "allow = { exit = 0 }\ndeny = { exit = 3 }\n"
    connection = opening(HEAD, "[rules]\n[default-action]\nis = 'emulated'\n", run)
    answer = put(connection, *(f"1.{n // 256}.{n % 256}.0/24" for n in range(12_000)))
    assert answer["outcome"] == "inconclusive"
    assert ask(connection, "1.2.3.4") == ["allow"]


@pytest.mark.parametrize("value", ["1.2.3.4\n0.0.0.0/0", "1.2.3.4; allow all", "'1.2.3.4'", "1" * 201, 7, None, ""])
def test_a_value_that_the_language_cannot_hold_is_inconclusive_and_changes_nothing(
    opening: Opening, value: object
) -> None:
    connection = opening(HEAD, LISTED, ONE)
    put(connection, "1.2.3.4")
    answer = put(connection, "4.4.4.4", value)
    assert answer["outcome"] == "inconclusive"
    assert answer["reason"]
    assert ask(connection, "1.2.3.4", "4.4.4.4") == ["allow", "deny"]


def test_the_file_says_which_characters_a_value_may_have(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, "[language]\nvalues = '[a-z]+'\n", ONE)
    assert put(connection, "anything") == {"accepted": True}
    assert put(connection, "1.2.3.4")["outcome"] == "inconclusive"


def test_more_rules_than_the_tool_takes_are_inconclusive(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, "[language]\nmost-rules = 2\n", ONE)
    assert put(connection, "1.2.3.4", "1.2.3.5") == {"accepted": True}
    assert put(connection, "1.2.3.4", "1.2.3.5", "1.2.3.6")["outcome"] == "inconclusive"


def test_a_tool_without_default_action_says_so_and_takes_no_allow(opening: Opening) -> None:
    connection = opening(HEAD, LISTED.replace("emulated", "none"), ONE)
    statement = cast("dict[str, list[str]]", connection.call("describe", {"protocol": 1}))
    assert "always-deny" in statement["features"]
    assert "no default action" in statement["name"]
    connection.call("reset", {"subnets": []})
    assert ask(connection, "1.2.3.4") == ["deny"]
    put(connection, "1.2.3.4")
    assert put(connection, "1.2.3.5", action="Allow")["outcome"] == "inconclusive"
    assert ask(connection, "1.2.3.4", "1.2.3.5") == ["allow", "deny"]


def test_an_emulated_default_action_is_named_in_the_statement(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, ONE)
    statement = cast("dict[str, str]", connection.call("describe", {"protocol": 1}))
    assert statement["name"] == "tool (default action Allow emulated by the rule 0.0.0.0/0)"


def test_a_default_action_may_be_emulated_by_several_rules(opening: Opening, tmp_path: Path) -> None:
    rules = f"""
[rules]
file = "{tmp_path}/rules"
[default-action]
is = "emulated"
allow-rules = ["0.0.0.0/1", "128.0.0.0/1"]
"""
    connection = opening(HEAD, rules, ONE)
    put(connection, "1.2.3.4", action="Allow")
    assert (tmp_path / "rules").read_text() == "1.2.3.4\n0.0.0.0/1\n128.0.0.0/1\n"
    statement = cast("dict[str, str]", connection.call("describe", {"protocol": 1}))
    assert statement["name"] == "tool (default action Allow emulated by the rules 0.0.0.0/1 and 128.0.0.0/1)"


def test_a_native_default_action_is_written_in_the_tools_own_words(opening: Opening, tmp_path: Path) -> None:
    rules = f"""
[rules]
form = "lines"
line = "accept ${{value}};"
head = "# rules"
tail = "${{default}} all;"
empty = "nothing but ${{default}}"
file = "{tmp_path}/rules.conf"
[default-action]
is = "native"
allow = "accept"
deny = "drop"
"""
    connection = opening(HEAD, rules, ONE)
    put(connection, "1.2.3.4", "1.2.3.0/24")
    assert (tmp_path / "rules.conf").read_text() == "# rules\naccept 1.2.3.4;\naccept 1.2.3.0/24;\ndrop all;\n"
    put(connection, action="Allow")
    assert (tmp_path / "rules.conf").read_text() == "nothing but accept"


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ('form = "cidr-list"', "1.2.3.4\n1.2.3.0/24\n"),
        ('form = "json-list"', '["1.2.3.4","1.2.3.0/24"]'),
        (
            'form = "jinja"\ntemplate = "{% for ip in ip_rules %}{{ loop.index }}={{ ip }},{% endfor %}{{ default }}"',
            "1=1.2.3.4,2=1.2.3.0/24,Deny",
        ),
    ],
)
def test_every_form_of_a_rule_set(opening: Opening, tmp_path: Path, form: str, written: str) -> None:
    rules = f'[rules]\n{form}\nfile = "{tmp_path}/rules"\n[default-action]\nis = "emulated"\n'
    assert put(opening(HEAD, rules, ONE), "1.2.3.4", "1.2.3.0/24") == {"accepted": True}
    assert (tmp_path / "rules").read_text() == written


def test_the_object_itself_may_be_written(opening: Opening, tmp_path: Path) -> None:
    rules = f'[rules]\nform = "network-acls"\nfile = "{tmp_path}/rules"\n[default-action]\nis = "native"\n'
    put(opening(HEAD, rules, ONE), "1.2.3.4")
    assert json.loads((tmp_path / "rules").read_text())["ipRules"] == [{"value": "1.2.3.4"}]


CHECKED = """
[rules]
file = "rules.txt"
[rules.check]
run = ["sh", "-c", "! grep -q 9 $1 || { echo no nines >&2; exit 3; }", "sh", "${rules_file}"]
refused = { exit = 3 }
[default-action]
is = "emulated"
"""


def test_a_refused_rule_set_is_an_answer_and_the_old_one_stays(opening: Opening) -> None:
    connection = opening(HEAD.replace(', "decisions-only"', ""), CHECKED, ONE)
    assert put(connection, "1.2.3.4") == {"accepted": True}
    assert put(connection, "9.9.9.9") == {"accepted": False, "message": "no nines"}
    assert ask(connection, "1.2.3.4", "9.9.9.9") == ["allow", "deny"]


def test_a_check_that_breaks_is_an_error_and_the_old_rules_stay(opening: Opening) -> None:
    connection = opening(HEAD, CHECKED.replace("exit 3; }", "exit 5; }"), ONE)
    put(connection, "1.2.3.4")
    with pytest.raises(MalformedResult, match=r"rules\.check"):
        put(connection, "9.9.9.9")
    assert ask(connection, "1.2.3.4", "9.9.9.9") == ["allow", "deny"]


def test_a_refusal_when_the_rules_are_applied_applies_the_old_ones_again(opening: Opening, tmp_path: Path) -> None:
    script = f"cp $1 {tmp_path}/applied; ! grep -q 9 $1 || exit 3"
    apply = f'apply = {{ run = ["sh", "-c", "{script}", "sh", "${{rules_file}}"], refused = {{ exit = 3 }} }}'
    connection = opening(HEAD, LISTED.replace("[default", f"{apply}\n[default"), ONE)
    put(connection, "1.2.3.4")
    assert put(connection, "9.9.9.9")["accepted"] is False
    assert (tmp_path / "applied").read_text() == "1.2.3.4\n"
