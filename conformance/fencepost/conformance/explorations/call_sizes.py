"""Large calls with requests of every kind under one rule set (DEC-17).

They find an implementation that answers a request by another code where a call carries many requests: one that sorts
them, builds an index first, shares the work out, or treats a full call apart. The bench finds the same fault in calls
of one request and of few: it puts requests of every exploration again in such calls.
"""

from collections.abc import Iterator
from itertools import cycle, islice
from random import Random

from fencepost.adapters.contract.vocabulary import MAX_BATCH
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.explorations.decisions import network_of, rule_set
from fencepost.conformance.generate import callers, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.judging.call_sizes import FIRSTS, class_of, in_words
from fencepost.reference import Caller, Request, Vault
from fencepost.reference.addresses import LAST_ADDRESS

_PLANS = (
    ("rich", "Deny", "AzureServices"),
    ("rich", "Allow", "None"),
    ("subnets", "Deny", "None"),
    ("empty", "Deny", "None"),
)
_FEWER, _FULL = 2, 1
"""So many rule sets a decisions-only subject is asked about; so many are asked in a call that is full."""

_LARGE = FIRSTS[3:5]
_BUFFERED = 2_560
"""So many requests more has a call that is nearly full: whole buffers of 1,000 to 3,072 requests, and a part of one."""

_MORE = 150
"""A call has up to so many requests more than the smallest of its class."""


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    for index in setting.rounds(1):

        def run(bench: Bench, index: int = index) -> None:
            _asked_in_every_size(bench, setting, index)

        yield Scenario(aims=("DEC-17",), run=run)


def _asked_in_every_size(bench: Bench, setting: Setting, index: int) -> None:
    random = setting.random("call sizes", index)
    network = network_of(random, setting)
    bench.reset(network)
    plans = _PLANS if setting.capabilities.refusals else _PLANS[:_FEWER]
    missing: set[int] = set()
    for place, (kind, default_action, bypass) in enumerate(plans, start=index):
        turn = index * len(_PLANS) + place
        if not bench.put(rule_set(random, setting, network, kind, default_action, bypass, turn=turn), aim=None):
            continue
        pool = _every_kind(random, bench.vault, setting.capabilities)
        sizes = [first + random.randrange(_MORE) for first in _LARGE]
        if place % len(plans) < _FULL:
            sizes[-1] += _BUFFERED
            sizes.append(MAX_BATCH)
        for size in sizes:
            random.shuffle(pool)
            bench.ask(
                [*islice(cycle(pool), size)],
                exercises=dict.fromkeys(pool, ("DEC-17",)),
                aim="DEC-17",
                in_every_size=size == sizes[-1],
            )
            if bench.largest_call < FIRSTS[class_of(size)]:
                missing.add(class_of(size))
    if missing:
        sizes_missing = f"calls of {in_words(min(missing))} requests were not made: the subject takes too long"
        bench.remark("DEC-17", f"{sizes_missing}; the largest had {bench.largest_call:,}")


def _every_kind(random: Random, vault: Vault, capabilities: Capabilities) -> list[Request]:
    """Requests of every kind that the subject can be asked, each once."""
    profile = vault.profile
    trusted = callers.trusted_callers(profile, capabilities)
    untrusted = callers.untrusted_callers(profile, capabilities)
    found = [*requests.crossed(random, vault, capabilities), *requests.every_operation(random, vault, capabilities)]
    found += requests.every_service(random, vault, capabilities)
    at_edges = [one for rule in vault.rules.ip_rules for one in edges(rule.block) if 0 <= one <= LAST_ADDRESS]
    for address in dict.fromkeys(at_edges):
        place = requests.Place(address=address)
        kinds = [*callers.some(random, trusted, 1), *callers.some(random, untrusted, 1)]
        found += [place.request(), *map(place.request, kinds)]
        found += [
            place.request(callers.with_credentials(random.choice([*kinds, Caller()]), pair))
            for pair in callers.credentials(capabilities)[1:3]
        ]
        if capabilities.control_plane:
            found.append(place.control(callers.control_operation(random)))
    return list(dict.fromkeys(found))


CALL_SIZES = Exploration(name="call sizes", serves=("DEC-17",), scenarios=_scenarios)
