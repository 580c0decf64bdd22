"""`smoke`: wired up, wired up but wrong, or not wired up; and every violation of the contract with its message."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import Client
from fencepost.adapters.contract.vocabulary import FEATURES
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.commands import main
from fencepost.conformance.commands.smoke_plan import TEN, smoke_plan
from fencepost.reference import Outcome, load_profile
from same_answer import SameAnswer

MY_VAULT = Path(__file__).parent / "programs" / "my_vault.py"
HARNESS = """
import json, sys
ANSWERS = json.loads(sys.argv[1])
sys.stderr.write("harness: up\\n")
sys.stderr.flush()
for line in sys.stdin:
    call = json.loads(line)
    answer = ANSWERS[call["method"]] if call["method"] in ANSWERS else {}
    if answer == "die":
        sys.exit(7)
    if isinstance(answer, str):
        print(answer, flush=True)
        continue
    if call["method"] == "decide" and "decisions" not in answer and "fault" not in answer:
        answer = {"decisions": [answer.get("each", "allow")] * len(call["params"]["requests"])}
    print(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": answer}), flush=True)
"""
STATEMENT = {"protocol": 1, "name": "n", "version": "1", "profile": "keyvault", "features": ["ip-rules-only"]}


def _smoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["smoke", *arguments], env={"COLUMNS": "140"}, catch_exceptions=False)


def _harness(tmp_path: Path, **answers: object) -> str:
    program = tmp_path / "harness.py"
    program.write_text(HARNESS)
    given = {"describe": STATEMENT, "putRules": {"accepted": True}, **answers}
    return f"stdio:{shlex.join([sys.executable, str(program), json.dumps(given)])}"


def test_a_vault_from_the_contract_alone_is_wired_up() -> None:
    result = _smoke(f"stdio:{shlex.join([sys.executable, str(MY_VAULT)])}")
    assert result.exit_code == 0
    assert "WIRED UP  10 of 10 decisions as expected; exit status 0" in result.stdout


def test_a_vault_that_lets_everybody_in_is_wired_up_but_wrong(tmp_path: Path) -> None:
    result = _smoke(_harness(tmp_path))
    assert result.exit_code == 1
    assert "WRONG  allow  deny      DEC-3   the address after it" in result.stdout


def test_a_vault_that_refuses_two_plain_rules_is_wired_up_but_wrong(tmp_path: Path) -> None:
    refusal = {"accepted": False, "status": 400, "message": "not today \x1b[1m"}
    result = _smoke(_harness(tmp_path, putRules=refusal))
    assert result.exit_code == 1
    assert "two rules that every vault accepts were refused: 400 not today \\x1b[1m" in result.stdout


def test_answers_that_are_all_inconclusive_show_nothing(tmp_path: Path) -> None:
    unsure = {"outcome": "inconclusive", "reason": "moved"}
    result = _smoke(_harness(tmp_path, decide={"each": unsure}))
    assert result.exit_code == 1
    assert "(moved)" in result.stdout


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        ({"describe": "a log line"}, ["describe (not-json)", "a log line"]),
        ({"describe": {"protocol": 1}}, ["describe (malformed-result)", "name"]),
        ({"reset": "die"}, ["reset (crashed)", "exit status 7", "harness: up"]),
        ({"decide": {"decisions": ["allow"]}}, ["decide (malformed-result)", "2 decisions"]),
        ({"decide": {"each": "perhaps"}}, ["decide (malformed-result)", "perhaps"]),
        ({"putRules": {}}, ["putRules (malformed-result)", "accepted"]),
    ],
)
def test_a_contract_violation_is_named_with_the_message(
    tmp_path: Path, answers: dict[str, object], named: Sequence[str]
) -> None:
    result = _smoke(_harness(tmp_path, **answers))
    assert result.exit_code == 2
    for part in (*named, "NOT WIRED UP", "harness: up"):
        assert part in result.stdout


def test_every_contract_violation_is_named(tmp_path: Path) -> None:
    result = _smoke(_harness(tmp_path, reset="one log line", putRules={"accepted": "yes"}, decide={"each": 1}))
    assert result.exit_code == 2
    for part in ("in reset (not-json)", "in putRules (malformed-result)", "in decide (malformed-result)"):
        assert part in result.stdout
    assert "4 contract violations" in result.stdout


def test_a_harness_that_never_answers_is_given_up_after_its_time(tmp_path: Path) -> None:
    silent = tmp_path / "silent.py"
    silent.write_text("import sys\nfor line in sys.stdin: pass\n")
    result = _smoke(f"stdio:{shlex.join([sys.executable, str(silent)])}", "--start-timeout", "0.5")
    assert result.exit_code == 2
    assert "describe (timed-out)" in result.stdout


def test_no_secret_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_TOKEN", "planted-in-the-environment")
    statement = {**STATEMENT, "name": "planted-in-the-environment", "version": "Bearer planted-by-form"}
    refusal = {"accepted": False, "error": {"status": 400, "message": "no: password=planted-by-name"}}
    refused = _smoke(_harness(tmp_path, describe=statement, putRules=refusal))
    violated = _smoke(_harness(tmp_path, decide="log: AZURE_CLIENT_SECRET=planted-by-name"))
    called = _smoke("http://me:planted-in-the-url@127.0.0.1:9/?sig=planted-in-the-query")
    for result in (refused, violated, called):
        assert "***" in result.output
        assert "planted" not in result.output


def test_every_mistake_of_a_statement_is_named(tmp_path: Path) -> None:
    statement = {
        **STATEMENT,
        "protocol": 2,
        "profile": "keyvalt",
        "features": ["ip-rules-only", "service-endpoints"],
        "choices": {"host-bit": "mask", "prefix-0": "maybe"},
    }
    result = _smoke(_harness(tmp_path, describe=statement))
    assert result.exit_code == 2
    for part in ("$.protocol", "$.features", "'host-bits'", "'prefix-0'", "$.profile", "did you mean keyvault"):
        assert part in result.stdout
    assert "5 mistakes in the statement" in result.stdout


def test_an_unknown_feature_is_shown_and_ignored(tmp_path: Path) -> None:
    statement = {**STATEMENT, "features": ["ip-rules-only", "time-travel"]}
    result = _smoke(_harness(tmp_path, describe=statement))
    assert "not known and ignored: time-travel" in result.stdout
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stdoi:x"], "Did you mean 'stdio'"),
        (["stdio:"], "there is no command"),
        (["library:no.such:thing"], "there is no module"),
        (["stdio:true", "--profile", "keyvalt"], "did you mean keyvault"),
        (["reference:keyvalt"], "did you mean keyvault"),
    ],
)
def test_a_subject_or_profile_that_names_nothing_is_bad_usage(arguments: list[str], message: str) -> None:
    result = _smoke(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_another_profile_than_the_claimed_one_can_be_asked_for(tmp_path: Path) -> None:
    assert "judged by  keyvault-2018-preview" in _smoke(_harness(tmp_path), "--profile", "keyvault-2018-preview").stdout


@pytest.mark.parametrize("subject", ["reference", "reference:keyvault", "mutant:last-address-excluded@keyvault"])
def test_a_shipped_subject_is_opened_as_the_profile(subject: str) -> None:
    assert ", profile keyvault-2018-preview" in _smoke(subject, "--profile", "keyvault-2018-preview").stdout


@pytest.mark.parametrize("profile", ["keyvault", "keyvault-2018-preview"])
@pytest.mark.parametrize(
    "restriction", [[], ["ip-rules-only"], ["data-plane-only"], ["ip-rules-only", "data-plane-only"]]
)
@pytest.mark.parametrize("features", [[], sorted(FEATURES.keys() - {"ip-rules-only", "data-plane-only"})])
def test_there_are_ten_questions_for_every_statement_with_both_answers(
    profile: str, restriction: list[str], features: list[str]
) -> None:
    offered = [feature for feature in features if not (restriction and feature == "service-endpoints")]
    statement = {**STATEMENT, "profile": profile, "features": [*restriction, *offered]}
    client = Client(SameAnswer(statement))
    plan = smoke_plan(Capabilities.from_statement(client.describe(), load_profile(profile)), load_profile(profile))
    asked = [*plan.before, *plan.under]
    assert len(asked) == TEN
    assert {question.expected for question in asked} == {Outcome.ALLOW, Outcome.DENY}
    if "ip-rules-only" in restriction:
        assert not plan.network.subnets
        assert plan.network_acls["virtualNetworkRules"] == []
        assert all(question.request.subnet is None for question in asked)
    if "data-plane-only" in restriction:
        assert all(question.request.plane == "data" for question in asked)


FRAIL = """
    def describe(self, *, protocol):
        return {"protocol": 1, "name": "n", "version": "1", "profile": "keyvault", "features": ["ip-rules-only"]}

    def reset(self, *, subnets):
        self.acls = {"defaultAction": "Allow", "ipRules": []}
        return {}

    def put_rules(self, *, network_acls):
        old, self.acls = self.acls, {**self.acls, **network_acls}
        WRITE
        return {"accepted": True}

    def decide(self, *, requests):
        assert len(requests) <= LARGEST, "too many"
        ranges = [ip_network(rule["value"]) for rule in self.acls["ipRules"]]
        def passes(one):
            inside = any(ip_address(one["source"]["address"]) in each for each in ranges)
            return one["plane"] == "control" or self.acls["defaultAction"] == "Allow" or inside
        return {"decisions": ["allow" if passes(one) else "deny" for one in requests]}
"""


@pytest.mark.parametrize(
    ("write", "largest", "status", "message"),
    [
        ("pass", 4096, 1, "1 of 8 wrong after further writes"),
        ("pass", 4096, 1, "WRONG allow deny DEC-15 52.10.20.30, after a write without rule lists"),
        ("network_acls['ipRules']", 4096, 2, "KeyError"),
        ("self.acls['ipRules'] = network_acls.get('ipRules', [])", 100, 2, "too many"),
        ("self.acls['ipRules'] = network_acls.get('ipRules', [])", 4096, 0, "a decision takes"),
        (
            "self.acls['ipRules'] = (network_acls['ipRules'] or old['ipRules']) if 'ipRules' in network_acls else []",
            4096,
            1,
            "52.10.20.30, after a write of empty rule lists",
        ),
        (
            "self.acls['ipRules'] = old['ipRules'] + network_acls.get('ipRules', [])",
            4096,
            1,
            "20.1.2.128, after a write of another range",
        ),
        (
            "if 'ipRules' not in network_acls: return {'accepted': False, 'message': 'no list'}",
            4096,
            1,
            "a write without rule lists, which every vault accepts, was refused: no list",
        ),
    ],
)
def test_what_check_would_stumble_over_is_found_beside_the_ten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: str, largest: int, status: int, message: str
) -> None:
    name = f"frail_{abs(hash((write, largest, message)))}"
    body = FRAIL.replace("WRITE", write).replace("LARGEST", str(largest))
    (tmp_path / f"{name}.py").write_text(f"from ipaddress import ip_address, ip_network\n\nclass Vault:{body}")
    monkeypatch.syspath_prepend(tmp_path)
    result = _smoke(f"library:{name}:Vault")
    assert result.exit_code == status, result.output
    assert message in " ".join(result.output.split())


def test_the_first_write_and_the_first_read_back_are_shown_and_a_malformed_read_back_is_named(tmp_path: Path) -> None:
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    statement = {**STATEMENT, "features": ["ip-rules-only", "read-back"]}
    result = _smoke(_harness(tmp_path, describe=statement, getRules={"networkAcls": acls}))
    output = " ".join(result.stdout.split())
    assert 'the first putRules sent {"networkAcls": {"bypass": "None", "defaultAction": "Deny"' in output
    assert 'answer {"accepted": true}' in output
    assert f"the first getRules sent {{}} answer {json.dumps({'networkAcls': acls})}" in output
    result = _smoke(_harness(tmp_path, describe=statement, getRules={"networkAcls": 5}))
    assert result.exit_code == 2
    assert "getRules (malformed-result)" in result.stdout


def test_an_adapter_file_is_shown_mapping_by_mapping_and_timed(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "adapters" / "examples" / "cli" / "shell.toml"
    result = _smoke(f"cli:{example}")
    assert result.exit_code == 0, result.output
    output = " ".join(result.stdout.split())
    assert "by the mapping decide.allow request mkdir -p" in output
    assert "sh allowed.sh" in output
    assert "by the mapping decide.deny" in output
    assert "output exit status 1 stdout: kept out" in output
    assert "a decision takes" in output


@pytest.mark.parametrize(("features", "is_smaller"), [([], False), (["decisions-only"], True)])
def test_the_bound_of_a_quick_run_is_that_of_what_the_statement_offers(
    tmp_path: Path, features: list[str], *, is_smaller: bool
) -> None:
    statement = {**STATEMENT, "features": ["ip-rules-only", *features]}
    output = " ".join(_smoke(_harness(tmp_path, describe=statement)).stdout.split())
    quick = EFFORTS["quick"].for_decisions_only() if is_smaller else EFFORTS["quick"]
    assert (
        f"a quick run asks at most {quick.decisions:,} decisions and {quick.writes:,} writes: at most about" in output
    )
    assert "of the subject's time" in output


def test_of_an_answer_that_nothing_maps_the_request_and_the_output_are_shown(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "adapters" / "examples" / "cli" / "shell.toml"
    text = (
        example.read_text()
        .replace("'^kept out$'", "'^blocked$'")
        .replace("allowed.sh", str(example.parent / "allowed.sh"))
    )
    (tmp_path / "fencepost.toml").write_text(text)
    result = _smoke(f"cli:{tmp_path / 'fencepost.toml'}")
    assert result.exit_code == 2
    output = " ".join(result.stdout.split())
    assert "expected an answer that fits decide.allow or decide.deny" in output
    assert "stdout: kept out" in output
    assert "a decision takes" not in output


def test_a_mistake_at_a_secret_header_is_shown_whole(tmp_path: Path) -> None:
    file = tmp_path / "fencepost.toml"
    file.write_text('[decide]\nheaders = { Authorization = "Bearer ${env.NO_TOKEN_HERE}" }\n')
    result = CliRunner().invoke(main, ["smoke", f"rest:{file}"], env={"NO_TOKEN_HERE": None})
    said = "decide.headers[Authorization]: ${env.NO_TOKEN_HERE} stands for an environment variable that is not set"
    assert said in result.stderr
