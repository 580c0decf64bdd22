"""What `fencepost bench` measures, as tests of pytest-benchmark: decisions alone and in bulk, and writes."""

from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import cycle
from typing import Any

import pytest
from fencepost.adapters.contract import Connection, Timeouts
from fencepost.conformance.run.opening import connected

BULK = 256
"""So many requests go into one call where the throughput is measured."""

_FIRST = int(IPv4Address("20.0.0.0"))


class Measures:
    """The plugin that tells the tests below what to measure."""

    def __init__(self, subjects: tuple[str, ...], rules: tuple[int, ...]) -> None:
        self.subjects = subjects
        self.rules = rules
        self.figures: list[dict[str, Any]] = []
        """What was measured, as pytest-benchmark writes it."""
        self.not_compared: list[dict[str, Any]] = []
        """The figures for which the stored figures have nothing of the same subject and number of rules."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Each measure for each subject and each number of rules."""
        metafunc.parametrize("subject", self.subjects, indirect=True, scope="module")
        metafunc.parametrize("rules", self.rules)

    def pytest_sessionfinish(self, session: Any) -> None:
        """Keep the figures: the option for a file would show its path, a temporary file of this command."""
        made = session.config._benchmarksession
        document = session.config.hook.pytest_benchmark_generate_json(
            config=session.config, benchmarks=made.benchmarks, include_data=True, machine_info={}, commit_info={}
        )
        self.figures = document["benchmarks"]
        stored = {name for figures in (made.compared_mapping or {}).values() for name in figures}
        self.not_compared = [one for one in self.figures if one["fullname"] not in stored]


def fixtures(timeouts: Timeouts) -> type:
    """The plugin with the fixture `subject`: a connection to a subject, which has described itself.

    It is a class, since pytest 10 takes no fixture of a module that is a method of an object.
    """

    @pytest.fixture(scope="module")
    def subject(request: pytest.FixtureRequest) -> Iterator[Connection]:
        with connected(request.param, timeouts) as connection:
            connection.call("describe", {"protocol": 1})
            yield connection

    return type("Fixtures", (), {"subject": subject})


def _acls(rules: int, *, turn: int = 0) -> dict[str, object]:
    """So many rules for a /30 each, with a gap of the same size behind each; another `turn` has other rules."""
    values = (f"{IPv4Address(_FIRST + 8 * number + 4 * turn)}/30" for number in range(rules))
    entries = [{"value": value} for value in values]
    return {"defaultAction": "Deny", "bypass": "None", "ipRules": entries, "virtualNetworkRules": []}


def _put(connection: Connection, acls: dict[str, object]) -> None:
    answer = connection.call("putRules", {"networkAcls": acls})
    assert isinstance(answer, dict), answer
    assert answer.get("accepted") is True, f"the rules were not accepted: {answer!r:.200}"


def _requests(rules: int, count: int) -> tuple[list[dict[str, object]], list[str]]:
    """Requests in turn from a rule and from the gap behind it, all over the rules, with the right outcomes."""
    requests: list[dict[str, object]] = []
    outcomes: list[str] = []
    for number in range(count):
        place = (number * 7919 + rules // 2) % rules
        requests.append(
            {
                "plane": "data",
                "operation": "SecretGet",
                "source": {"address": str(IPv4Address(_FIRST + 8 * place + 4 * (number % 2)))},
            }
        )
        outcomes.append("deny" if number % 2 else "allow")
    return requests, outcomes


def _decide(connection: Connection, requests: list[dict[str, object]]) -> list[object]:
    answer: Any = connection.call("decide", {"requests": requests})
    found: list[object] = [one.get("outcome") if isinstance(one, dict) else one for one in answer["decisions"]]
    return found


def _measured(benchmark: Any, connection: Connection, rules: int, count: int) -> None:
    connection.call("reset", {"subnets": []})
    _put(connection, _acls(rules))
    requests, outcomes = _requests(rules, count)
    assert _decide(connection, requests) == outcomes, "the decisions are wrong: their speed says nothing"
    benchmark(_decide, connection, requests)


def test_one_decision(benchmark: Any, subject: Connection, rules: int) -> None:
    """How long one decision takes, alone in its call."""
    _measured(benchmark, subject, rules, 1)


def test_decisions_in_bulk(benchmark: Any, subject: Connection, rules: int) -> None:
    """How long a call with many decisions takes."""
    _measured(benchmark, subject, rules, BULK)


def test_write(benchmark: Any, subject: Connection, rules: int) -> None:
    """How long it takes to replace all rules by as many others."""
    subject.call("reset", {"subnets": []})
    turns = cycle((_acls(rules), _acls(rules, turn=1)))
    benchmark(lambda: _put(subject, next(turns)))
