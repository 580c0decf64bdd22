"""`explain`: outcome, clause and rule in words, from any file that holds rules; every fault of the files."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands import main
from fencepost.conformance.reasons import QUESTIONS, REASONS
from fencepost.reference.open_points import ANSWERS
from fencepost.reference.parse import MISTAKES

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
RULES: Mapping[str, object] = {
    "bypass": "None",
    "defaultAction": "Deny",
    "ipRules": [{"value": "20.1.2.0/24"}],
    "virtualNetworkRules": [{"id": SUBNET}],
}
VAULT = {"type": "Microsoft.KeyVault/vaults", "name": "one", "properties": {"networkAcls": RULES}}
INSIDE: Mapping[str, object] = {"plane": "data", "operation": "SecretGet", "source": {"address": "20.1.2.5"}}
OUTSIDE = {**INSIDE, "source": {"address": "20.1.3.5"}}


class Files:
    """Writes values into a folder and explains them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, value: object) -> str:
        path = self._folder / name
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return str(path)

    def explain(self, rules: object, request: object, *options: str, stdin: str | None = None) -> Result:
        arguments = [
            value if isinstance(value, str) else self.write(name, value)
            for name, value in (("rules.json", rules), ("request.json", request))
        ]
        return CliRunner().invoke(
            main,
            ["explain", *arguments, *options],
            input=stdin,
            env={"COLUMNS": "400"},
            catch_exceptions=False,
        )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_a_decision_is_told_with_clause_text_and_rule(files: Files) -> None:
    result = files.explain(RULES, INSIDE)
    assert result.exit_code == 0
    assert result.stdout.startswith("ALLOW\n")
    assert f"DEC-2: {catalogue()['DEC-2'].text}" in result.stdout
    assert f"documented: {catalogue()['DEC-2'].source}" in result.stdout
    assert "IP rule 20.1.2.0/24, that is 20.1.2.0 to 20.1.2.255" in result.stdout
    assert result.stderr == ""


def test_a_denial_says_what_does_not_hold(files: Files) -> None:
    result = files.explain(RULES, OUTSIDE)
    assert result.exit_code == 0
    assert result.stdout.startswith("DENY\n")
    assert f"DEC-3: {catalogue()['DEC-3'].text}" in result.stdout
    assert "no IP rule holds 20.1.3.5; the caller comes through no subnet" in result.stdout


def test_missing_credentials_are_told(files: Files) -> None:
    result = files.explain(RULES, {**INSIDE, "caller": {"authenticated": False}})
    assert "CRED-1: " in result.stdout
    assert "the caller has no valid token" in result.stdout


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        (RULES, "$"),
        ({"networkAcls": RULES}, "$.networkAcls"),
        (VAULT, "$.properties.networkAcls of the vault one"),
        ({"properties": {"networkAcls": RULES}}, "$.properties.networkAcls"),
        ([VAULT], "$[0].properties.networkAcls of the vault one"),
        ({"resources": [{"type": "Other/kind"}, VAULT]}, "$.resources[1].properties.networkAcls of the vault one"),
        ({"resources": {"kv": VAULT}}, "$.resources.kv.properties.networkAcls of the vault one"),
        (
            {
                "resources": [
                    {
                        "type": "Microsoft.Resources/deployments",
                        "properties": {"template": {"resources": [VAULT]}},
                    }
                ]
            },
            "$.resources[0].properties.template.resources[0].properties.networkAcls of the vault one",
        ),
    ],
)
def test_rules_are_found_wherever_they_may_stand(files: Files, rules: object, path: str) -> None:
    result = files.explain(rules, INSIDE)
    assert result.exit_code == 0, result.stderr
    assert f"{path}: default action Deny, bypass None, 1 IP rule, 1 virtual network rule" in result.stdout


@pytest.mark.parametrize("properties", [{}, {"networkAcls": None}])
def test_a_vault_without_rules_lets_everybody_through(files: Files, properties: object) -> None:
    result = files.explain({**VAULT, "properties": properties}, OUTSIDE)
    assert result.stdout.startswith("ALLOW\n")
    assert "its firewall was never set up" in result.stdout


TWO = {"resources": [VAULT, {**VAULT, "name": "two", "properties": {"networkAcls": {**RULES, "ipRules": []}}}]}


def test_one_of_several_vaults_is_chosen_by_name_in_any_case(files: Files) -> None:
    assert files.explain(TWO, INSIDE, "--vault", "ONE").stdout.startswith("ALLOW\n")
    assert files.explain(TWO, INSIDE, "--vault", "two").stdout.startswith("DENY\n")


def test_several_vaults_without_a_choice_are_named(files: Files) -> None:
    result = files.explain(TWO, INSIDE)
    assert result.exit_code == 2
    assert "there are 2 vaults; choose one by --vault NAME, or by its place: one at $.resources[0]" in result.stderr
    assert "two at $.resources[1]" in result.stderr


def test_a_vault_that_there_is_not_is_told_with_those_that_there_are(files: Files) -> None:
    result = files.explain(TWO, INSIDE, "--vault", "three")
    assert result.exit_code == 2
    assert "there is no vault called 'three'; there are: one at" in result.stderr


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": 1,\n oops}', "line 2, column 2: not JSON"),
        (b"", "line 1, column 1: not JSON"),
        (b'{"bypass": "None", "bypass": "None"}', "'bypass' occurs twice"),
        (b'{"ipRules": NaN}', "NaN is not JSON"),
        (b"\x80{}", "byte 1: not UTF-8"),
        (b"[" * 200_000, "nested too deep"),
        (b"7", "$: expected an object with rules, got a number"),
        (b'{"color": 1}', "the object has 'color'"),
        (b'{"type": "Microsoft.Storage/storageAccounts", "properties": {}}', "$.type: expected a vault"),
        (b'{"resources": []}', "$.resources: no vault"),
        (b"[]", "$: no vault"),
        (b'{"properties": {}}', "$.properties: no networkAcls"),
    ],
)
def test_a_file_without_rules_is_told_with_place_and_reason(files: Files, content: bytes, reason: str) -> None:
    result = files.explain(content, INSIDE)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert "rules.json" in result.stderr
    assert result.stdout == ""


def test_a_file_that_is_not_there_is_told(files: Files) -> None:
    result = files.explain("nowhere.json", INSIDE)
    assert result.exit_code == 2
    assert "nowhere.json: No such file or directory" in result.stderr


def test_a_byte_order_mark_is_passed_over(files: Files) -> None:
    assert files.explain(b"\xef\xbb\xbf" + json.dumps(RULES).encode(), INSIDE).exit_code == 0


def test_every_violation_of_the_rules_is_told_with_its_path(files: Files) -> None:
    rules = {
        "bypass": "Everybody",
        "defaultAction": "Deny",
        "ipRules": [
            {"value": "10.0.0.1"},
            {},
            7,
            {"value": "1.2.3.4\x1b/33"},
            {"value": "::1"},
            {"value": "[parameters('office')]"},
            {"value": "20.1.2.3/24"},
        ],
        "virtualNetworkRules": [{"id": SUBNET}, {"id": f"{SUBNET}/"}],
    }
    result = files.explain({**VAULT, "properties": {"networkAcls": rules}}, INSIDE)
    assert result.exit_code == 2
    output = {line.strip().partition(": ")[0]: line for line in result.stderr.splitlines()[1:]}
    path = "$.properties.networkAcls"
    assert set(output) == {
        f"{path}.bypass",
        *(f"{path}.ipRules[{index}]{'' if index in (1, 2) else '.value'}" for index in range(7)),
        f"{path}.virtualNetworkRules[1].id",
    }
    assert "expected AzureServices or None: 'Everybody' [VAL-6]" in output[f"{path}.bypass"]
    assert "'1.2.3.4\\x1b/33'" in output[f"{path}.ipRules[3].value"]
    assert "is a template expression, which is not evaluated here" in output[f"{path}.ipRules[5].value"]
    assert "left open by the specification: host-bits" in output[f"{path}.ipRules[6].value"]
    assert "\x1b" not in result.stderr


def test_too_many_rules_are_told_with_the_number_and_the_limit(files: Files) -> None:
    rules = {**RULES, "ipRules": [{"value": f"20.1.{n}.1"} for n in range(128)]}
    result = files.explain(rules, INSIDE, "--profile", "keyvault-2018-preview")
    assert result.exit_code == 2
    assert "$.ipRules: 128 rules, the profile keyvault-2018-preview has a maximum of 127 [LIM-2]" in result.stderr


def test_every_fault_of_a_request_is_told_with_its_path(files: Files) -> None:
    request = {
        "plane": "dta",
        "source": {"address": "1.2.3", "subnet": "nowhere"},
        "caller": {"authorised": True, "trusted": 1},
    }
    result = files.explain(RULES, request)
    assert result.exit_code == 2
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "$.plane",
        "$.operation",
        "$.source.address",
        "$.source.subnet",
        "$.caller.authorised",
        "$.caller.trusted",
    ]


def test_an_operation_that_nobody_names_is_noted_and_decided(files: Files) -> None:
    result = files.explain(RULES, {**INSIDE, "operation": "SecretGt"})
    assert result.exit_code == 0
    assert "'SecretGt' is no operation of the data plane" in result.stderr
    assert result.stdout.startswith("ALLOW\n")


def test_an_open_point_is_named_with_what_each_answer_comes_to(files: Files) -> None:
    result = files.explain({**RULES, "ipRules": [{"value": "20.1.2.3/24"}]}, INSIDE)
    assert result.exit_code == 0
    assert result.stdout.startswith("OPEN\n")
    assert "host-bits: whether a range with host bits is refused or masked" in result.stdout
    assert "refused if  host-bits is reject" in result.stdout
    assert "allow if    host-bits is mask  (DEC-2" in result.stdout


def test_an_open_point_that_makes_no_difference_is_not_shown(files: Files) -> None:
    result = files.explain({"defaultAction": "Deny", "ipRules": [{"value": "20.1.2.0/24"}]}, INSIDE)
    assert result.stdout.startswith("ALLOW\n")
    assert "default-of-bypass" not in result.stdout
    assert "bypass absent" in result.stdout


def test_a_service_that_is_trusted_by_its_word_is_noted(files: Files) -> None:
    rules = {**RULES, "bypass": "AzureServices"}
    named = {**OUTSIDE, "caller": {"service": "Azure Backup"}}
    assert "the request marks a trusted service" in files.explain(rules, named).stdout
    by_list = files.explain(rules, named, "--profile", "keyvault-2018-preview").stdout
    assert by_list.startswith("ALLOW\n")
    assert "DEC-11" in by_list


FROM_SUBNET = {**INSIDE, "source": {"address": "10.1.0.4", "subnet": SUBNET.upper()}}


def test_a_subnet_that_no_network_names_has_the_endpoint(files: Files) -> None:
    assert files.explain(RULES, FROM_SUBNET).stdout.startswith("ALLOW\n")


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_network_tells_which_subnets_have_the_endpoint(files: Files, *, wrapped: bool) -> None:
    subnets = [{"id": SUBNET, "serviceEndpoints": []}]
    network = files.write("network.json", {"subnets": subnets} if wrapped else subnets)
    rules = {**RULES, "virtualNetworkRules": [{"id": SUBNET, "ignoreMissingVnetServiceEndpoint": True}]}
    result = files.explain(rules, FROM_SUBNET, "--network", network)
    assert result.stdout.startswith("DENY\n")
    assert "DEC-9" in result.stdout


def test_every_fault_of_a_network_is_told(files: Files) -> None:
    network = files.write("network.json", [{"id": "x"}, 7, {"id": SUBNET, "serviceEndpoints": "all"}])
    result = files.explain(RULES, INSIDE, "--network", network)
    assert result.exit_code == 2
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["$[0].id", "$[1]", "$[2].serviceEndpoints"]


def test_a_dash_reads_stdin(files: Files) -> None:
    request = files.write("q.json", INSIDE)
    assert files.explain("-", request, stdin=json.dumps(RULES)).stdout.startswith("ALLOW\n")
    assert files.explain("-", request, stdin="{").stderr.startswith("stdin: line 1, column 2")


def test_stdin_can_be_read_once(files: Files) -> None:
    assert files.explain("-", "-", stdin="{}").exit_code == 2


def test_an_unknown_profile_is_bad_usage_with_the_near_misses(files: Files) -> None:
    result = files.explain(RULES, INSIDE, "--profile", "keyvalt")
    assert result.exit_code == 2
    assert "did you mean keyvault" in result.stderr


def test_a_clause_is_explained_by_its_id() -> None:
    result = CliRunner().invoke(main, ["explain", "dec-4"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert result.stdout.startswith("DEC-4\n")
    assert "level" in result.stdout
    unknown = CliRunner().invoke(main, ["explain", "DEC-44"])
    assert unknown.exit_code == 2
    assert "no clause is called 'DEC-44'; did you mean DEC-4" in unknown.stderr


def test_the_example_of_a_clause_has_no_subnet_that_it_does_not_need() -> None:
    of_a_range = CliRunner().invoke(main, ["explain", "DEC-2"], env={"COLUMNS": "2000"}).stdout
    assert '1 reset {"subnets": []}' in of_a_range
    of_a_subnet = CliRunner().invoke(main, ["explain", "DEC-9"], env={"COLUMNS": "2000"}).stdout
    assert "virtualNetworks" in of_a_subnet


def test_there_are_words_for_every_mistake_and_every_open_point() -> None:
    assert MISTAKES.keys() <= REASONS.keys()
    assert ANSWERS.keys() <= QUESTIONS.keys()
