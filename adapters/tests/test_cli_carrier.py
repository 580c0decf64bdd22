"""The carrier `cli:`: three ways of asking, every answer read by a mapping or an error, and nothing made up."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest
from fencepost.adapters.contract import (
    Connection,
    Crashed,
    HarnessFault,
    MalformedResult,
    NotStarted,
    RpcError,
    ShowsMappings,
    TimedOut,
    Timeouts,
    open_subject,
)

HEAD = """
[subject]
name = "tool"
version = "1.0"
profile = "keyvault"
features = ["ip-rules-only", "data-plane-only", "decisions-only"]
"""
LISTED = """
[rules]
file = "rules.txt"
[default-action]
is = "emulated"
"""
GREP = 'grep -qxF -e "$2" -e 0.0.0.0/0 "$1" && echo in && exit 0; echo out; exit 1'
ONE = f"""
[decide]
run = ["sh", "-c", '''{GREP}''', "sh", "${{rules_file}}", "${{address}}"]
allow = {{ exit = 0, stdout = '^in$' }}
deny = {{ exit = 1, stdout = '^out$' }}
"""
STAYS = """
[rules]
form = "lines"
line = "${value}"
between = " "
[default-action]
is = "emulated"
[decide]
way = "stays"
run = ["python3", "-u", "-c", '''PROGRAM''']
rules = "rules ${rules}"
accepted = { line = 'ok' }
refused = { line = 'refused.*' }
each = "ask ${address}"
allow = { line = 'yes' }
deny = { line = 'no' }
"""
PROGRAM = """
import sys
rules = []
for line in sys.stdin:
    words = line.split()
    if words[0] == "rules":
        if "9.9.9.9" in words: print("refused: not nine"); continue
        rules = words[1:]; print("ok")
    elif words[1] == "6.6.6.6": print("a last word", file=sys.stderr); sys.exit(7)
    elif words[1] == "5.5.5.5": print("perhaps")
    elif words[1] == "4.4.4.4": import time; time.sleep(60)
    else: print("yes" if words[1] in rules or "0.0.0.0/0" in rules else "no")
"""

Opening = Callable[..., Connection]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    """A function that writes a file of these sections and opens it."""
    opened = []

    def opened_by(*sections: str, call: float = 10.0) -> Connection:
        path = tmp_path / "fencepost.toml"
        path.write_text("".join(sections), encoding="utf-8")
        opened.append(open_subject(f"cli:{path}", timeouts=Timeouts(start=20.0, call=call)))
        return opened[-1]

    yield opened_by
    for connection in opened:
        connection.close()


def _put(connection: Connection, *values: object, action: str = "Deny") -> dict[str, object]:
    acls = {"bypass": "None", "defaultAction": action, "ipRules": [{"value": value} for value in values]}
    acls["virtualNetworkRules"] = []
    return cast("dict[str, object]", connection.call("putRules", {"networkAcls": acls}))


def _ask(connection: Connection, *addresses: str) -> list[str]:
    return [one["outcome"] for one in _decisions(connection, addresses)]


def _decisions(connection: Connection, addresses: Sequence[str]) -> list[dict[str, str]]:
    requests = [{"plane": "data", "operation": "SecretGet", "source": {"address": one}} for one in addresses]
    answer = cast("dict[str, list[dict[str, str]]]", connection.call("decide", {"requests": requests}))
    return answer["decisions"]


def test_a_process_a_decision_is_read_by_its_status_and_output(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, ONE)
    connection.call("reset", {"subnets": []})
    assert _ask(connection, "1.2.3.4") == ["allow"]
    assert _put(connection, "1.2.3.4") == {"accepted": True}
    assert _ask(connection, "1.2.3.4", "1.2.3.5", "1.2.3.4") == ["allow", "deny", "allow"]


def test_a_reset_leaves_no_rule_behind(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, ONE)
    _put(connection, "1.2.3.4")
    connection.call("reset", {"subnets": []})
    assert _ask(connection, "1.2.3.5") == ["allow"]


def test_processes_run_side_by_side_as_many_as_the_file_says(opening: Opening, tmp_path: Path) -> None:
    meet = (
        f"d={tmp_path}/met; mkdir -p $d; : >$d/$$; "
        "for i in $(seq 200); do [ $(ls $d | wc -l) -ge 3 ] && echo in && exit 0; sleep 0.05; done; exit 3"
    )
    one = f"[decide]\nrun = ['sh', '-c', '''{meet}''', '${{rules_file}}', '${{address}}']\nparallel = 3\n"
    connection = opening(HEAD, LISTED, one, "allow = { exit = 0, stdout = 'in' }\ndeny = { exit = 4 }\n")
    assert _ask(connection, "1.1.1.1", "2.2.2.2", "3.3.3.3") == ["allow"] * 3


@pytest.mark.parametrize("ending", ["exit 2", "exit 1", "exit 0", "echo perhaps; exit 1", "exit 139"])
def test_whatever_no_mapping_fits_is_an_error_and_no_denial(opening: Opening, ending: str) -> None:
    connection = opening(HEAD, LISTED, ONE.replace(GREP, ending))
    with pytest.raises(MalformedResult, match=r"decide\.allow or decide\.deny"):
        _ask(connection, "1.2.3.4")


def test_what_two_mappings_fit_is_an_error(opening: Opening) -> None:
    both = ONE.replace("stdout = '^in$'", "stdout = 'o'").replace("exit = 1,", "exit = 0,").replace(GREP, "echo out")
    with pytest.raises(MalformedResult, match="allow and deny fit"):
        _ask(opening(HEAD, LISTED, both), "1.2.3.4")


def test_a_process_that_a_signal_ends_is_an_error(opening: Opening) -> None:
    with pytest.raises(Crashed, match="SIGSEGV"):
        _ask(opening(HEAD, LISTED, ONE.replace(GREP, "kill -SEGV $$")), "1.2.3.4")


def test_a_program_that_is_not_there_is_an_error_that_names_it(opening: Opening) -> None:
    with pytest.raises(NotStarted, match="no-such-program"):
        _ask(opening(HEAD, LISTED, ONE.replace('"sh", "-c"', '"no-such-program", "-c"')), "1.2.3.4")


def test_a_process_that_hangs_is_ended_with_what_it_started(opening: Opening, tmp_path: Path) -> None:
    connection = opening(HEAD, LISTED, ONE.replace(GREP, f"sleep 60 & echo $! >{tmp_path}/pid; wait"), call=1.0)
    connection.call("describe", {"protocol": 1})
    with pytest.raises(TimedOut):
        _ask(connection, "1.2.3.4")
    started = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    for _ in range(500):
        if not started.exists() or started.read_text().split()[2] == "Z":
            return
        time.sleep(0.01)
    pytest.fail("what the process had started lives on")


def test_an_answer_may_be_json(opening: Opening) -> None:
    told = ONE.replace(
        GREP, 'echo "{\\"verdict\\": {\\"allowed\\": $(grep -qxF "$2" "$1" && echo true || echo false)}}"'
    )
    told = told.replace("exit = 0, stdout = '^in$'", "json = { '$.verdict.allowed' = true }")
    told = told.replace("exit = 1, stdout = '^out$'", "json = { '$.verdict.allowed' = false }")
    connection = opening(HEAD, LISTED, told)
    _put(connection, "1.2.3.4")
    assert _ask(connection, "1.2.3.4", "1.2.3.5") == ["allow", "deny"]


def test_an_answer_may_be_mapped_to_inconclusive(opening: Opening) -> None:
    unsure = ONE.replace(GREP, "exit 9") + "inconclusive = { exit = 9 }\n"
    assert _ask(opening(HEAD, LISTED, unsure), "1.2.3.4") == ["inconclusive"]


def test_the_rules_may_go_to_stdin_an_argument_or_the_environment(opening: Opening) -> None:
    for place, script in (
        ("stdin = '${rules}'\nrun = ['sh', '-c', '''SCRIPT''', 'sh', '', '${address}']\n", 'rules=$(cat)'),
        ("run = ['sh', '-c', '''SCRIPT''', 'sh', '${rules}', '${address}']\n", 'rules=$1'),
        ("env = { RULES = '${rules}' }\nrun = ['sh', '-c', '''SCRIPT''', 'sh', '', '${address}']\n", 'rules=$RULES'),
    ):  # fmt: skip
        ask = script + '; case " $rules " in *" $2 "*) echo in; exit 0;; esac; echo out; exit 1'
        rules = '[rules]\nform = "lines"\nline = "${value}"\nbetween = " "\n[default-action]\nis = "emulated"\n'
        readings = ONE[ONE.index("allow =") :]
        connection = opening(HEAD, rules, "[decide]\n", place.replace("SCRIPT", ask), readings)
        _put(connection, "1.2.3.4", "5.6.7.8")
        assert _ask(connection, "5.6.7.8", "5.6.7.9") == ["allow", "deny"], place


def test_a_rule_set_too_long_for_an_argument_is_inconclusive(opening: Opening) -> None:
    run = "[decide]\nrun = ['sh', '-c', 'exit 0', 'sh', '${rules}', '${address}']\n"
    run += "allow = { exit = 0 }\ndeny = { exit = 3 }\n"
    connection = opening(HEAD, "[rules]\n[default-action]\nis = 'emulated'\n", run)
    answer = _put(connection, *(f"1.{n // 256}.{n % 256}.0/24" for n in range(12_000)))
    assert answer["outcome"] == "inconclusive"
    assert _ask(connection, "1.2.3.4") == ["allow"]


@pytest.mark.parametrize("value", ["1.2.3.4\n0.0.0.0/0", "1.2.3.4; allow all", "'1.2.3.4'", "1" * 201, 7, None, ""])
def test_a_value_that_the_language_cannot_hold_is_inconclusive_and_changes_nothing(
    opening: Opening, value: object
) -> None:
    connection = opening(HEAD, LISTED, ONE)
    _put(connection, "1.2.3.4")
    answer = _put(connection, "4.4.4.4", value)
    assert answer["outcome"] == "inconclusive"
    assert answer["reason"]
    assert _ask(connection, "1.2.3.4", "4.4.4.4") == ["allow", "deny"]


def test_the_file_says_which_characters_a_value_may_have(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, "[language]\nvalues = '[a-z]+'\n", ONE)
    assert _put(connection, "anything") == {"accepted": True}
    assert _put(connection, "1.2.3.4")["outcome"] == "inconclusive"


def test_more_rules_than_the_tool_takes_are_inconclusive(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, "[language]\nmost-rules = 2\n", ONE)
    assert _put(connection, "1.2.3.4", "1.2.3.5") == {"accepted": True}
    assert _put(connection, "1.2.3.4", "1.2.3.5", "1.2.3.6")["outcome"] == "inconclusive"


def test_an_address_that_cannot_be_sent_is_inconclusive_and_the_others_are_asked(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, '[language]\nunsendable = ["224.0.0.0/4"]\n', ONE)
    _put(connection, "1.2.3.4")
    assert _ask(connection, "224.0.0.1", "1.2.3.4", "239.9.9.9", "1.1.1.1") == [
        "inconclusive", "allow", "inconclusive", "deny",
    ]  # fmt: skip


def test_a_tool_without_default_action_says_so_and_takes_no_allow(opening: Opening) -> None:
    connection = opening(HEAD, LISTED.replace("emulated", "none"), ONE)
    statement = cast("dict[str, list[str]]", connection.call("describe", {"protocol": 1}))
    assert "always-deny" in statement["features"]
    assert "no default action" in statement["name"]
    connection.call("reset", {"subnets": []})
    assert _ask(connection, "1.2.3.4") == ["deny"]
    _put(connection, "1.2.3.4")
    assert _put(connection, "1.2.3.5", action="Allow")["outcome"] == "inconclusive"
    assert _ask(connection, "1.2.3.4", "1.2.3.5") == ["allow", "deny"]


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
    _put(connection, "1.2.3.4", action="Allow")
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
    _put(connection, "1.2.3.4", "1.2.3.0/24")
    assert (tmp_path / "rules.conf").read_text() == "# rules\naccept 1.2.3.4;\naccept 1.2.3.0/24;\ndrop all;\n"
    _put(connection, action="Allow")
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
    assert _put(opening(HEAD, rules, ONE), "1.2.3.4", "1.2.3.0/24") == {"accepted": True}
    assert (tmp_path / "rules").read_text() == written


def test_the_object_itself_may_be_written(opening: Opening, tmp_path: Path) -> None:
    rules = f'[rules]\nform = "network-acls"\nfile = "{tmp_path}/rules"\n[default-action]\nis = "native"\n'
    _put(opening(HEAD, rules, ONE), "1.2.3.4")
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
    assert _put(connection, "1.2.3.4") == {"accepted": True}
    assert _put(connection, "9.9.9.9") == {"accepted": False, "message": "no nines"}
    assert _ask(connection, "1.2.3.4", "9.9.9.9") == ["allow", "deny"]


def test_a_check_that_breaks_is_an_error_and_the_old_rules_stay(opening: Opening) -> None:
    connection = opening(HEAD, CHECKED.replace("exit 3; }", "exit 5; }"), ONE)
    _put(connection, "1.2.3.4")
    with pytest.raises(MalformedResult, match=r"rules\.check"):
        _put(connection, "9.9.9.9")
    assert _ask(connection, "1.2.3.4", "9.9.9.9") == ["allow", "deny"]


def test_a_refusal_when_the_rules_are_applied_applies_the_old_ones_again(opening: Opening, tmp_path: Path) -> None:
    script = f"cp $1 {tmp_path}/applied; ! grep -q 9 $1 || exit 3"
    apply = f'apply = {{ run = ["sh", "-c", "{script}", "sh", "${{rules_file}}"], refused = {{ exit = 3 }} }}'
    connection = opening(HEAD, LISTED.replace("[default", f"{apply}\n[default"), ONE)
    _put(connection, "1.2.3.4")
    assert _put(connection, "9.9.9.9")["accepted"] is False
    assert (tmp_path / "applied").read_text() == "1.2.3.4\n"


def test_a_tool_that_stays_has_its_old_rules_again_after_a_refusal_that_came_late(opening: Opening) -> None:
    apply = 'apply = { run = ["sh", "-c", "case $1 in *8*) exit 3; esac", "sh", "${rules}"], refused = { exit = 3 } }\n'
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM).replace("[default", f"{apply}[default"))
    _put(connection, "1.2.3.4")
    assert _put(connection, "8.8.8.8")["accepted"] is False
    assert _ask(connection, "1.2.3.4", "8.8.8.8") == ["allow", "deny"]


BATCH = """
[decide]
way = "batch"
run = ["sh", "-c", '''SCRIPT''', "sh", "${rules_file}"]
each = "${address}"
"""
KEYED = BATCH + "allow = { line = '(?P<key>\\S+) yes' }\ndeny = { line = '(?P<key>\\S+) no' }\n"
IN_ORDER = BATCH + "allow = { line = 'yes' }\ndeny = { line = 'no' }\n"
MATCHED = BATCH + "allow = { line = '(?P<key>\\S+)' }\nabsent = 'deny'\ndone = { exit = [0, 1], stderr = '' }\n"
EACH = 'while read a; do grep -qxF $a $1 && echo "$${a}IN" || echo "$${a}OUT"; done'


@pytest.mark.parametrize(
    ("decide", "script"),
    [
        (KEYED, EACH.replace("IN", " yes").replace("OUT", " no") + " | sort -r"),
        (IN_ORDER, EACH.replace("$${a}IN", "yes").replace("$${a}OUT", "no")),
        (MATCHED, "grep -xF -f $1"),
        (MATCHED.replace("way =", "parallel = 2\nbatch-size = 2\nway ="), "grep -xF -f $1"),
    ],
    ids=["keyed", "in-order", "matched", "parallel"],
)
def test_a_batch_is_one_process(opening: Opening, decide: str, script: str) -> None:
    connection = opening(HEAD, LISTED, decide.replace("SCRIPT", script))
    _put(connection, "1.2.3.4", "5.6.7.8")
    assert _ask(connection, "5.6.7.8", "1.1.1.1", "1.2.3.4", "5.6.7.8", "2.2.2.2") == [
        "allow", "deny", "allow", "allow", "deny",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("decide", "script", "says"),
    [
        (MATCHED, "grep -xF -f $1; echo Traceback >&2; exit 1", "decide.done"),
        (MATCHED, "grep -xF -f $1; kill -KILL $$", "SIGKILL"),
        (MATCHED, "echo 8.8.8.8", "a line about '8.8.8.8'"),
        (KEYED, "read a; echo $a yes; echo $a no; cat >/dev/null", "two that differ"),
        (KEYED, "read a; echo $a yes; cat >/dev/null", "a line about '5.6.7.8', got none"),
        (KEYED, "cat >/dev/null; echo perhaps", "decide.allow or decide.deny"),
        (IN_ORDER, "read a; echo yes; cat >/dev/null", "2 lines, one for each request, got 1"),
        (IN_ORDER, "echo yes; echo no; echo no; cat >/dev/null", "2 lines, one for each request, got 3"),
    ],
)
def test_a_batch_that_goes_wrong_is_an_error_and_no_denial(
    opening: Opening, decide: str, script: str, says: str
) -> None:
    connection = opening(HEAD, LISTED, decide.replace("SCRIPT", script))
    _put(connection, "1.2.3.4")
    with pytest.raises(HarnessFault) as fault:
        _ask(connection, "1.2.3.4", "5.6.7.8")
    assert says in str(fault.value)


def test_a_tool_that_stays_takes_rules_and_answers_lines(opening: Opening) -> None:
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM))
    connection.call("reset", {"subnets": []})
    assert _ask(connection, "1.1.1.1") == ["allow"]
    _put(connection, "1.2.3.4")
    assert _ask(connection, *["1.2.3.4", "1.1.1.1"] * 2000) == ["allow", "deny"] * 2000
    assert _put(connection, "9.9.9.9") == {"accepted": False, "message": "refused: not nine"}
    assert _ask(connection, "1.2.3.4", "9.9.9.9") == ["allow", "deny"]


def test_a_tool_that_dies_is_an_error_and_is_started_anew_with_its_rules(opening: Opening) -> None:
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM))
    _put(connection, "1.2.3.4")
    with pytest.raises(Crashed, match=r"exit status 7.*a last word"):
        _ask(connection, "1.2.3.4", "6.6.6.6")
    assert _ask(connection, "1.2.3.4", "1.1.1.1") == ["allow", "deny"]
    assert "a last word" in connection.log()


def test_after_an_answer_that_nothing_maps_the_lines_are_in_step_again(opening: Opening) -> None:
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM))
    _put(connection, "1.2.3.4")
    with pytest.raises(MalformedResult, match=r"to 'ask 5\.5\.5\.5': perhaps"):
        _ask(connection, "5.5.5.5", "1.1.1.1", "1.2.3.4")
    assert _ask(connection, "1.2.3.4", "1.1.1.1") == ["allow", "deny"]


def test_a_tool_that_stays_silent_is_given_up_and_started_anew(opening: Opening) -> None:
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM), call=1.5)
    _put(connection, "1.2.3.4")
    with pytest.raises(TimedOut):
        _ask(connection, "4.4.4.4")
    assert _ask(connection, "1.2.3.4") == ["allow"]


def test_without_a_line_for_rules_the_tool_is_started_anew_with_each_rule_set(opening: Opening) -> None:
    script = """
import sys
print("loading"); print("ready")
rules = open(sys.argv[1]).read().split()
for line in sys.stdin: print("yes" if line.strip() in rules else "no")
"""
    decide = f"""
[decide]
way = "stays"
run = ["python3", "-u", "-c", '''{script}''', "${{rules_file}}"]
ready = 'ready'
each = "${{address}}"
allow = {{ line = 'yes' }}
deny = {{ line = 'no' }}
"""
    connection = opening(HEAD, LISTED, decide)
    for address in ("1.2.3.4", "1.2.3.5"):
        _put(connection, address)
        assert _ask(connection, "1.2.3.4", "1.2.3.5") == [
            "allow" if one == address else "deny" for one in ("1.2.3.4", "1.2.3.5")
        ]


def test_the_version_may_be_what_a_command_prints(opening: Opening) -> None:
    printed = HEAD.replace('"1.0"', "{ run = ['echo', 'tool 2.7.1 (of today)'] }", 1)
    statement = cast("dict[str, str]", opening(printed, LISTED, ONE).call("describe", {"protocol": 1}))
    assert statement["version"] == "2.7.1"


def test_a_secret_of_the_environment_reaches_the_tool_and_is_never_shown(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENCEPOST_TEST_WORD", "abracadabra")
    word = ONE.replace("[decide]", '[decide]\nenv = { WORD = "${env.FENCEPOST_TEST_WORD}" }')
    opened = opening(HEAD, LISTED, word.replace(GREP, '[ "$WORD" = abracadabra ] && echo in && exit 0; exit 3'))
    assert _ask(opened, "1.2.3.4") == ["allow"]
    assert isinstance(opened, ShowsMappings)
    assert all("abracadabra" not in one.request + one.output for one in opened.mappings())
    broken = opening(HEAD, LISTED, word.replace(GREP, 'echo "no such word: $WORD"; exit 3'))
    with pytest.raises(MalformedResult) as fault:
        _ask(broken, "1.2.3.4")
    assert "***" in fault.value.offending
    assert "abracadabra" not in str(fault.value)


def test_for_each_mapping_there_is_a_line_that_can_be_pasted(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, ONE)
    _put(connection, "1.2.3.4")
    _ask(connection, "1.2.3.4", "1.1.1.1")
    assert isinstance(connection, ShowsMappings)
    shown = {one.mapping: one for one in connection.mappings()}
    assert set(shown) == {"decide.allow", "decide.deny"}
    pasted = subprocess.run(
        ["sh", "-c", shown["decide.deny"].request], capture_output=True, text=True, check=False
    ).stdout
    assert pasted == "out\n"
    assert "exit status 1" in shown["decide.deny"].output


def test_a_method_that_the_file_has_not_is_refused_as_one(opening: Opening) -> None:
    with pytest.raises(RpcError) as fault:
        opening(HEAD, LISTED, ONE).call("getRules", {})
    assert fault.value.code == -32601


def test_nothing_is_left_behind(opening: Opening) -> None:
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM + "\nopen('left', 'w')\n"))
    before = set(Path(os.environ.get("TMPDIR", "/tmp")).glob("fencepost-cli-*"))
    _put(connection, "1.2.3.4")
    connection.close()
    connection.close()
    left = set(Path(os.environ.get("TMPDIR", "/tmp")).glob("fencepost-cli-*"))
    assert len(left) < len(before) or not before


def test_this_python_and_the_folders_are_known_where_they_are_needed(opening: Opening) -> None:
    program = "import sys; told = open(sys.argv[1]).read().split(); sys.exit(3 if told == 2 * [sys.argv[2]] else 4)"
    rules = LISTED.replace("file = ", "form = 'jinja'\ntemplate = '{{ tmp }} {{ tmp }}'\nfile = ")
    ask = f"[decide]\nrun = ['${{python}}', '-c', '{program}', '${{rules_file}}', '${{tmp}}', '${{address}}']\n"
    connection = opening(HEAD, rules, ask, "allow = { exit = 3 }\ndeny = { exit = 4 }\n")
    assert _ask(connection, "1.2.3.4") == ["allow"]
