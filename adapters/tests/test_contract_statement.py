"""The conformance statement and the client: shapes are checked before anyone judges by them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from fencepost.adapters.contract import (
    Client,
    Connection,
    MalformedResult,
    Statement,
    StatementError,
    WriteResult,
    check_statement,
    shorten,
)
from fencepost.adapters.contract.vocabulary import CHOICES, FEATURES, RESERVED_BLOCKS
from same_answer import SameAnswer


def statement(**members: object) -> Statement:
    every = {"protocol": 1, "name": "v", "version": "1", "profile": "p", "features": [], **members}
    return Statement(**every)  # type: ignore[arg-type]  # mistakes are the point


def mistakes_in(**members: object) -> tuple[str, ...]:
    with pytest.raises(StatementError) as caught:
        check_statement(statement(**members))
    return caught.value.mistakes


def test_a_statement_without_mistakes_comes_back_as_it_is() -> None:
    good = statement(
        features=[feature for feature in FEATURES if feature != "ip-rules-only"],
        operations=["SecretGet"],
        choices={"host-bits": "mask"},
        settle_seconds=2.5,
    )
    assert check_statement(good) is good


def test_a_vault_that_always_denies_has_no_default_action_of_allow() -> None:
    choices = {"default-of-default-action": "Allow"}
    (mistake,) = mistakes_in(features=["always-deny"], choices=choices)
    assert mistake.startswith("$.choices['default-of-default-action']")
    check_statement(statement(features=["always-deny"], choices={"default-of-default-action": "Deny"}))
    check_statement(statement(choices=choices))


def test_a_settle_time_of_more_than_fifteen_minutes_needs_one_of_the_runs_own() -> None:
    assert check_statement(statement(settle_seconds=900))
    (mistake,) = mistakes_in(settle_seconds=900.5)
    assert mistake.startswith("$.settleSeconds")
    assert "--settle" in mistake
    assert check_statement(statement(settle_seconds=1e9), has_own_settle=True)


def test_operations_are_those_of_the_contract() -> None:
    check_statement(statement(operations=["VaultGet", "SecretGet"]))
    (mistake,) = mistakes_in(operations=["SecretGet", "SecretGot"])
    assert mistake == "$.operations[1]: no such operation as 'SecretGot'; did you mean 'SecretGet'?"


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in CHOICES.items() for value in values])
def test_each_choice_of_the_ledger_may_be_declared(key: str, value: str) -> None:
    check_statement(statement(choices={key: value}))


def test_reserved_ranges_may_be_answered_block_by_block() -> None:
    check_statement(statement(choices={"reserved-ranges": dict.fromkeys(RESERVED_BLOCKS, "accept")}))
    assert mistakes_in(choices={"reserved-ranges": {"10.0.0.0/8": "accept", "127.0.0.0/8": "maybe"}}) == (
        f"$.choices['reserved-ranges']['10.0.0.0/8']: no such block; known are {', '.join(RESERVED_BLOCKS)}",
        "$.choices['reserved-ranges']['127.0.0.0/8']: expected one of reject, accept, got 'maybe'",
    )


def test_an_unknown_feature_is_no_mistake() -> None:
    check_statement(statement(features=["time-travel"]))


def test_all_mistakes_come_out_together_with_their_places() -> None:
    mistakes = mistakes_in(
        protocol=2,
        features=["ip-rules-only", "service-endpoints"],
        choices={"host-bit": "mask", "host-bits": "ignore", "duplicates": {}, "prefix-0": None},
        settle_seconds=-1,
    )
    assert [mistake.split(":")[0] for mistake in mistakes] == [
        "$.protocol",
        "$.features",
        "$.choices['host-bit']",
        "$.choices['host-bits']",
        "$.choices['duplicates']",
        "$.choices['prefix-0']",
        "$.settleSeconds",
    ]
    assert "did you mean 'host-bits'" in mistakes[2]


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -0.5])
def test_a_settle_time_is_a_finite_number_of_seconds(seconds: float) -> None:
    assert mistakes_in(settle_seconds=seconds)[0].startswith("$.settleSeconds")


def test_a_settle_time_is_at_most_fifteen_minutes_unless_the_run_has_its_own() -> None:
    check_statement(statement(settle_seconds=900))
    (mistake,) = mistakes_in(settle_seconds=901)
    assert "expected at most 900 seconds" in mistake
    assert "--settle gives a run a settle time of its own" in mistake
    slow = statement(settle_seconds=901)
    assert check_statement(slow, has_own_settle=True) is slow


@dataclass
class Answering:
    """A connection that has its answers ready."""

    answers: Mapping[str, object]
    exclusive: bool = False
    asked: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def call(self, method: str, params: Mapping[str, object]) -> object:
        self.asked.append((method, params))
        return self.answers[method]

    def log(self) -> str:
        return ""

    def close(self) -> None:
        self.asked.append(("close", {}))


def client(**answers: object) -> Client:
    connection: Connection = Answering(answers)
    return Client(connection)


def test_bare_decisions_are_read_like_those_with_detail() -> None:
    answers = client(decide={"decisions": ["allow", "deny", {"outcome": "deny"}]}).decide([{}, {}, {}])
    assert [answer.outcome for answer in answers] == ["allow", "deny", "deny"]
    assert answers[1] == answers[2]


@pytest.mark.parametrize("decisions", [[], ["allow"], ["allow"] * 3, ["allow", "Deny"], ["allow", None], "allow"])
def test_wrong_decisions_are_malformed(decisions: object) -> None:
    with pytest.raises(MalformedResult):
        client(decide={"decisions": decisions}).decide([{}, {}])


def test_a_malformed_result_says_where() -> None:
    with pytest.raises(MalformedResult, match=r"reset: expected a Nothing, got .*`null`"):
        client(reset=None).reset([])
    with pytest.raises(MalformedResult, match=r"\$.accepted"):
        client(addIpRule={"accepted": "yes"}).write("addIpRule", {"value": ""})


def test_a_write_that_could_not_be_put_is_neither_accepted_nor_refused() -> None:
    found = client(putRules={"outcome": "inconclusive", "reason": "too long"}).write("putRules", {})
    assert (found.is_inconclusive, found.is_accepted, found.reason) == (True, False, "too long")
    for both_or_none in ({"accepted": True, "outcome": "inconclusive"}, {"outcome": "allow"}, {}):
        with pytest.raises(MalformedResult, match="a write result is"):
            client(putRules=both_or_none).write("putRules", {})


def test_the_subjects_words_are_cut_when_they_arrive() -> None:
    said = "x" * 3_000_000
    assert len(str(client(putRules={"accepted": False, "message": said}).write("putRules", {}).message)) == 2_000
    assert len(str(client(putRules={"outcome": "inconclusive", "reason": said}).write("putRules", {}).reason)) == 2_000
    (answer,) = client(decide={"decisions": [{"outcome": "allow", "rule": said}]}).decide([{}])
    assert len(str(answer.rule)) == 2_000
    with pytest.raises(MalformedResult, match=r"\$\.name"):
        client(describe={"protocol": 1, "name": said, "version": "1", "profile": "p", "features": []}).describe()


def test_members_that_nobody_knows_are_ignored() -> None:
    assert client(putRules={"accepted": True, "etag": 7}).write("putRules", {}) == WriteResult(accepted=True)
    assert client(getRules={"etag": 7}).get_rules() is None


def test_the_parameters_are_those_of_the_wire() -> None:
    connection = Answering({"reset": {}, "setServiceEndpoints": {}})
    Client(connection).reset(({"id": "a", "serviceEndpoints": []},))
    Client(connection).set_service_endpoints("a", ("Microsoft.KeyVault",))
    Client(connection).close()
    assert connection.asked == [
        ("reset", {"subnets": [{"id": "a", "serviceEndpoints": []}]}),
        ("setServiceEndpoints", {"subnet": "a", "serviceEndpoints": ["Microsoft.KeyVault"]}),
        ("close", {}),
    ]


def test_long_texts_are_shown_by_their_ends() -> None:
    assert shorten("ab" * 1000, limit=10) == "ababa … 1990 characters … babab"
    assert shorten("short") == "short"


@pytest.mark.parametrize("answer", [{"decisions": [{"outcome": "\ud800"}]}, {"\ud800": [], "decisions": []}])
def test_half_a_surrogate_pair_in_an_answer_is_a_malformed_result(answer: object) -> None:
    with pytest.raises(MalformedResult):
        Client(SameAnswer(answer)).decide([{}])
