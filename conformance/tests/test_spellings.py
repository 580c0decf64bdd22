"""The parser profile: the table of spellings, what a subject makes of them, and the command that prints it."""

import itertools
import json
from collections.abc import Callable, Sequence

import pytest
from click.testing import CliRunner
from fencepost.adapters.contract import Client, JsonObject, Statement, open_factory
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.commands.check import check
from fencepost.conformance.commands.spellings import spellings as command
from fencepost.conformance.generate.readings import meanings
from fencepost.conformance.mutants import Vault, mutant
from fencepost.conformance.open_points.spellings import Answer, Profiler, Row, network_for, reference_reading, spellings
from fencepost.conformance.peers import NetaddrVault, SqliteVault, StdlibVault, TrieVault
from fencepost.reference import load_profile

PROFILES = ("keyvault", "keyvault-2018-preview")


def profiled(factory: Callable[[], object], profile: str = "keyvault", *features: str) -> dict[str, Row]:
    client, edition = Client(open_factory(factory)), load_profile(profile)
    statement = Statement(protocol=1, name="", version="", profile=profile, features=list(features))
    try:
        rows = Profiler(
            client=client, profile=edition, capabilities=Capabilities.from_statement(statement, edition)
        ).rows()
        return {f"{row.spelling.member} {row.spelling.name}": row for row in rows}
    finally:
        client.close()


def answer_of(rows: dict[str, Row], name: str) -> str:
    return rows[f"ipRules {name}"].subject.text


@pytest.mark.parametrize("profile", PROFILES)
def test_the_table_has_many_spellings_each_with_a_name_of_its_own_and_a_reason(profile: str) -> None:
    edition = load_profile(profile)
    capabilities = Capabilities.from_statement(
        Statement(protocol=1, name="", version="", profile=profile, features=[]), edition
    )
    table = spellings(edition, network_for(capabilities))
    assert len([one for one in table if one.member == "ipRules"]) >= 80
    assert len({(one.member, one.name) for one in table}) == len(table)
    assert all(one.name and one.reason for one in table)
    kinds = [reference_reading(one, edition, network_for(capabilities)).kind for one in table]
    assert {"accepted", "refused", "open"} == set(kinds)
    assert kinds.count("accepted") >= 15
    assert kinds.count("open") >= 20


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("peer", [StdlibVault, SqliteVault, TrieVault, NetaddrVault, Vault])
def test_a_correct_vault_reads_nothing_otherwise_than_the_reference(peer: type[StdlibVault], profile: str) -> None:
    rows = profiled(lambda: peer(profile=profile), profile)
    assert [name for name, row in rows.items() if row.differs] == []
    assert all(row.subject.kind in ("accepted", "refused") for row in rows.values())


@pytest.mark.parametrize(
    ("name", "spelling", "answer"),
    [
        ("slash-40-wraps-to-8", "prefix 40, 8 in five bits", "accepted as 67.0.0.0/8"),
        ("malformed-prefix-is-zero", "a word for a prefix", "accepted as every address"),
        ("empty-text-is-everything", "empty", "accepted as every address"),
        ("octets-wrap-at-256", "octet 300", "accepted as 67.44.198.1"),
        ("short-forms-filled-with-zeros", "three octets", "accepted as 67.16.0.198"),
        ("hex-octets", "a hexadecimal octet", "accepted as 67.16.198.1"),
        ("mapped-ipv6-taken", "ipv6 ::ffff:67.16.198.1", "accepted as 67.16.198.1"),
        ("digits-of-other-scripts", "Arabic digits", "accepted as 67.16.198.1"),
        ("empty-octet-is-zero", "an empty octet", "accepted as 67.0.198.1"),
        ("json-number-taken", "a number", "accepted as 67.16.198.1"),
        ("leading-zeros-are-octal", "leading zeros, octal digits", "accepted as 16.1.2.3"),
        ("leading-zeros-are-decimal", "leading zeros, octal digits", "accepted as 20.1.2.3"),
        ("host-bits-masked", "host bits in a /24", "accepted as 20.1.2.0/24"),
        ("ipv6-stored", "ipv6 ::1", "accepted as none of the addresses that it might mean"),
        ("slash-30-refused", "a /30", "refused"),
    ],
)
def test_what_a_lenient_parser_makes_of_a_spelling_is_found_by_whom_it_admits(
    name: str, spelling: str, answer: str
) -> None:
    assert answer_of(profiled(lambda: mutant(name, profile="keyvault"), "keyvault"), spelling) == answer


def test_an_unknown_word_is_told_by_what_it_does_to_everybody() -> None:
    rows = profiled(lambda: mutant("unknown-default-action-allows", profile="keyvault"))
    assert rows["defaultAction defaultAction 'Block'"].subject.text == "accepted: it lets everybody in"


def test_an_id_is_told_by_the_subnets_that_it_admits() -> None:
    rows = profiled(lambda: Vault("keyvault"))
    assert rows["virtualNetworkRules a subnet's id in capitals"].subject.text == "accepted as the subnet"


class Fickle(StdlibVault):
    """Refuses what it has accepted, and the other way round."""

    name = "fickle"
    turns = itertools.count()

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        return {"accepted": next(self.turns) % 2 == 0}


def test_a_subject_that_answers_the_same_spelling_in_two_ways_is_unstable() -> None:
    answer = profiled(Fickle)["ipRules an address"].subject
    assert answer.kind == "unstable"
    assert answer.text.endswith(", then refused")


class Unsendable(StdlibVault):
    """Cannot be sent requests from 20.0.0.0, 0.0.0.0/8, 191.0.0.0/8 and 255.0.0.0/8."""

    name = "unsendable"

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        decisions = super().decide(requests=requests)["decisions"]
        assert isinstance(decisions, list)
        pairs = zip(requests, decisions, strict=True)
        return {"decisions": [NOT_PUT if _is_unsendable(request) else one for request, one in pairs]}


NOT_PUT = {"outcome": "inconclusive", "reason": "the kernel replaces it"}


def _is_unsendable(request: JsonObject) -> bool:
    source = request["source"]
    assert isinstance(source, dict)
    address = str(source["address"])
    return address == "20.0.0.0" or address.startswith(("0.", "191.", "255."))


def test_who_cannot_be_put_is_inconclusive_and_not_kept_out() -> None:
    rows = profiled(Unsendable)
    assert answer_of(rows, "an address with high octets") == "inconclusive: the kernel replaces it"
    assert answer_of(rows, "a /8") == "accepted as 20.0.0.0/8"
    assert answer_of(rows, "an address") == "accepted as 20.1.2.3"
    assert [name for name, row in rows.items() if row.differs] == []


def test_the_command_says_on_stderr_how_far_it_is() -> None:
    result = CliRunner().invoke(command, ["reference", "--json"], catch_exceptions=False)
    assert "25 spellings" in result.stderr
    assert json.loads(result.stdout)


class Raising(StdlibVault):
    """Raises where it should refuse."""

    name = "raising"

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            raise ValueError("what is that?")
        return answer


def test_a_subject_that_raises_is_shown_with_its_error_and_asked_on() -> None:
    rows = profiled(Raising)
    assert answer_of(rows, "a word") == "error: ValueError: what is that?"
    assert answer_of(rows, "an address") == "accepted as 20.1.2.3"
    assert not rows["ipRules a word"].differs


def test_a_subject_without_subnets_is_asked_no_id() -> None:
    rows = profiled(lambda: Vault("keyvault"), "keyvault", "ip-rules-only")
    assert {name.partition(" ")[0] for name in rows} == {"ipRules", "bypass", "defaultAction"}


def test_an_open_reading_agrees_with_any_answer_but_a_fault() -> None:
    open_reading = Answer(kind="open", text="open: host-bits")
    assert open_reading.agrees_with(Answer(kind="refused", text="refused"))
    assert not open_reading.agrees_with(Answer(kind="unstable", text="refused, then accepted"))


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("20.1.2.3/24", "20.1.2.0/24"),
        ("020.1.2.3", "16.1.2.3"),
        ("20.1.2.0/40", "20.0.0.0/8"),
        ("20.1.2.1-20.1.2.9", "20.1.2.1-20.1.2.9"),
        ("20.1.2.1,20.1.2.2", "20.1.2.1 and 20.1.2.2"),
        (20 << 24 | 1, "20.0.0.1"),
        (["20.1.2.3"], "20.1.2.3"),
        ("office", "every address"),
    ],
)
def test_a_value_might_mean(value: object, meaning: str) -> None:
    assert meaning in [one.text for one in meanings(value, load_profile("keyvault"))]


def test_the_command_prints_the_table_with_a_summary_and_marks_what_differs() -> None:
    result = CliRunner().invoke(command, ["mutant:slash-40-wraps-to-8", "--differing"], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    assert "! prefix 40, 8 in five bits" in result.output
    assert "accepted as 67.0.0.0/8" in result.output
    assert "2 read differently from the reference" in result.output


def test_the_command_gives_json() -> None:
    result = CliRunner().invoke(command, ["reference", "--json"])
    rows = json.loads(result.stdout)
    assert len(rows) > 200
    assert {"name", "reason", "member", "entry", "value", "subject", "reference", "differs"} == set(rows[0])
    assert not any(row["differs"] for row in rows)


def test_check_of_the_whole_of_validation_ends_with_the_essence() -> None:
    result = CliRunner().invoke(check, ["mutant:slash-40-wraps-to-8", "--clause", "val"], env={"COLUMNS": "160"})
    assert "the parser profile:" in result.stdout
    assert "accepted as 67.0.0.0/8" in result.stdout
    assert result.stderr.count("parser profile: after the clauses") == 1
    other = CliRunner().invoke(check, ["reference", "--clause", "VAL-4"])
    assert "the parser profile" not in other.stdout
