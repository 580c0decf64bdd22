"""What the field report measures of a subject: speed, lengths, order, and the readings of odd spellings."""

import contextlib
import datetime as dt
import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address

from fencepost.adapters.contract import Client, HarnessFault, HasBareLoop, JsonObject, Timeouts, open_subject
from fencepost.adapters.contract.messages import WriteResult

SECONDS = 120.0
_ASKED = 4096
_TURNS, _MOST_TURNS, _LONG_ENOUGH = 7, 61, 2.0
SPELLINGS = {
    "host bits": "20.1.2.3/24",
    "leading zero": "020.1.2.3",
    "/024": "20.1.2.0/024",
    "/+24": "20.1.2.0/+24",
    "mask": "20.1.2.0/255.255.255.0",
    "host mask": "20.1.2.0/0.0.0.255",
    "short": "20.1.2",
    "octet 256": "20.1.2.256",
    "one number": "335610371",
    "hexadecimal": "0x14.1.2.3",
    "/33": "20.1.2.0/33",
    "/": "20.1.2.0/",
}


def measured(subject: str) -> dict[str, object]:
    """The date; speed under 100 rules; how much a rule set holds; dependence on order; readings of odd spellings."""
    made: dict[str, object] = {"date": dt.datetime.now(dt.UTC).date().isoformat()}
    with contextlib.suppress(HarnessFault), _opened(subject) as client:
        made |= _speed(client)
    made["rules"] = _longest((1_000, 4_000, 16_000), lambda count: _holds_rules(subject, count))
    with contextlib.suppress(HarnessFault), _opened(subject) as client:
        if "ip-rules-only" not in client.describe().features:
            made["ids"] = _longest((255, 271, 1_024, 8_192), lambda length: _holds_id(subject, length))
    made["order"] = _order(subject)
    made["spellings"] = {name: _reading(subject, value) for name, value in SPELLINGS.items()}
    return made


@contextlib.contextmanager
def _opened(subject: str) -> Iterator[Client]:
    connection = open_subject(subject, timeouts=Timeouts(start=60.0, call=SECONDS))
    with contextlib.closing(Client(connection)) as client:
        client.describe()
        client.reset([])
        yield client


def _put(client: Client, values: Sequence[str], subnets: Sequence[str] = ()) -> WriteResult:
    acls = {
        "bypass": "None",
        "defaultAction": "Deny",
        "ipRules": [{"value": value} for value in values],
        "virtualNetworkRules": [{"id": one} for one in subnets],
    }
    return client.write("putRules", {"networkAcls": acls})


def _requests(*addresses: str, **more: str) -> list[JsonObject]:
    return [{"plane": "data", "operation": "SecretGet", "source": {"address": one, **more}} for one in addresses]


def _are_let_in(client: Client, requests: Sequence[JsonObject]) -> tuple[bool, ...]:
    return tuple(answer.outcome == "allow" for answer in client.decide(requests))


def _speed(client: Client) -> dict[str, object]:
    """Decisions and a bare loop of the same requests by turns, so that other work on the machine slows both.

    Where a turn takes milliseconds, a few turns would show the other work: there are more.
    """
    requests = _requests(*(f"21.{place // 250}.{place % 250}.9" for place in range(_ASKED)))
    writes, rates, ratios, size = [], [], [], 64
    began = time.perf_counter()
    for turn in range(_MOST_TURNS):
        if turn >= _TURNS and time.perf_counter() - began > _LONG_ENOUGH:
            break
        start = time.perf_counter()
        _put(client, [f"20.{turn}.{place}.0/24" for place in range(100)])
        writes.append(1000 * (time.perf_counter() - start))
        asked = requests[:size]
        own = [lambda asked=asked: client.decide(asked)]
        bare = [client.connection.bare_loop(asked)] if isinstance(client.connection, HasBareLoop) else []
        times = [_timed(one) for one in ([*own, *bare] if turn % 2 else [*bare, *own])]
        took, of_bare = times[0 if turn % 2 else -1], times[-1 if turn % 2 else 0]
        rates.append(size / took)
        if turn and bare:
            ratios.append(of_bare / took)
        size = _ASKED if took < 1.0 else size
    made: dict[str, object] = {"decisions": round(max(rates)), "write": round(statistics.median(writes), 1)}
    return made | ({"bare": round(statistics.median(ratios), 2)} if ratios else {})


def _timed(what: Callable[[], object]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def _longest(sizes: Sequence[int], holds: Callable[[int], str]) -> str:
    """The largest of the sizes that holds, and what becomes of the next."""
    before = 0
    for size in sizes:
        failure = holds(size)
        if failure:
            return f"{before:,}; {size:,}: {failure}"
        before = size
    return f"≥ {before:,}"


def _holds_rules(subject: str, count: int) -> str:
    """Nothing where so many rules are in force up to the last; else what happens instead."""
    values = [str(IPv4Address(0x1E000000 + 2 * number)) for number in range(count)]
    last = int(IPv4Address(values[-1]))
    asked = _requests(values[0], values[-1], str(IPv4Address(last - 1)), str(IPv4Address(last + 1)))
    return _came(subject, [], values, [], asked, (True, True, False, False))


def _holds_id(subject: str, length: int) -> str:
    """The same for a rule whose subnet id is so long."""
    ids = [f"/subscriptions/s/subnets/{'a' * (length - 26)}{letter}" for letter in "ab"]
    network = [{"id": one, "serviceEndpoints": ["Microsoft.KeyVault"]} for one in ids]
    asked = [*_requests("10.1.2.3", subnet=ids[0]), *_requests("10.1.2.3", subnet=ids[1])]
    return _came(subject, network, [], ids[:1], asked, (True, False))


def _came(
    subject: str,
    network: Sequence[JsonObject],
    values: Sequence[str],
    ids: Sequence[str],
    asked: Sequence[JsonObject],
    expected: tuple[bool, ...],
) -> str:
    try:
        with _opened(subject) as client:
            client.reset(network)
            written = _put(client, values, ids)
            if not written.is_accepted:
                return "refused" if written.accepted is False else "cannot be said"
            answers = client.decide(asked)
    except HarnessFault:
        return "stops"
    if any(answer.outcome == "inconclusive" for answer in answers):
        return "cannot be asked"
    return "" if tuple(answer.outcome == "allow" for answer in answers) == expected else "not in force"


def _order(subject: str) -> str:
    """In how many of the orders of three nested rules another caller is let in than their union lets in."""
    asked = _requests("20.17.12.18", "20.17.12.128", "20.17.200.1", "20.18.0.1")
    wrong = 0
    try:
        with _opened(subject) as client:
            for values in itertools.permutations(("20.17.12.18", "20.17.12.0/24", "20.17.0.0/16")):
                _put(client, values)
                wrong += _are_let_in(client, asked) != (True, True, True, False)
    except HarnessFault:
        return "stops"
    return f"in {wrong} of 6 orders" if wrong else "no"


def _reading(subject: str, value: str) -> str:
    """How the subject reads a rule in this spelling, by callers inside and outside of 20.1.2.0/24."""
    try:
        with _opened(subject) as client:
            written = _put(client, [value])
            if not written.is_accepted:
                return "refused" if written.accepted is False else "cannot be said"
            outcomes = _are_let_in(client, _requests("20.1.2.3", "20.1.2.9", "16.1.2.3", "9.9.9.9"))
    except HarnessFault:
        return "stops"
    return _READINGS.get(outcomes, "otherwise")


_READINGS: Mapping[tuple[bool, ...], str] = {
    (True, True, False, False): "the range",
    (True, False, False, False): "the address",
    (False, False, True, False): "octal",
    (False, False, False, False): "nobody",
    (True, True, True, True): "everybody",
}
