"""Large calls with requests of every kind under one rule set (DEC-17).

They find an implementation that answers a request by another code where a call carries many requests: one that sorts
them, builds an index first, shares the work out, or treats a full call apart. The bench finds the same fault in calls
of one request and of few: it puts requests of every exploration again in such calls.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, islice, product
from random import Random

from fencepost.adapters.contract.vocabulary import MAX_BATCH
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.explorations.decisions import network_of, rule_set
from fencepost.conformance.explorations.whole_sets import offered, send
from fencepost.conformance.generate import callers, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.changes import Change, GeneratorState, add, new_block, remove, set_endpoints, update
from fencepost.conformance.generate.networks import NO_ENDPOINTS
from fencepost.conformance.judging.call_sizes import FIRSTS, class_of, in_words
from fencepost.reference import Caller, Request, Vault
from fencepost.reference.addresses import LAST_ADDRESS

_RULE_SETS = (
    ("rich", "Deny", "AzureServices"),
    ("rich", "Deny", "None"),
    ("rich", "Allow", "None"),
    ("subnets", "Deny", "None"),
    ("empty", "Deny", "None"),
)
"""The kind of each rule set, its default action and its bypass."""

_FEWER, _FULL, _NEARLY_FULL = 2, 3, 1
"""So many rule sets a decisions-only subject is asked about; so many in a full call, and in one that is nearly full."""

_LARGE = FIRSTS[3:5]
_BUFFERED = 2_560
"""So many requests more has a call that is nearly full: whole buffers of 1,000 to 3,072 requests, and a part of one."""

_PAIRS = 3
"""Of the combinations of token and permission: both, and either alone missing."""

_MORE = 150
"""A call has up to so many requests more than the smallest of its class."""


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    for index in setting.rounds(1):
        yield Scenario(aims=("DEC-17",), run=partial(_asked_in_every_size, setting=setting, index=index))


def _asked_in_every_size(bench: Bench, setting: Setting, index: int) -> None:
    random = setting.random("call sizes", index)
    network = network_of(random, setting)
    bench.reset(network)
    rule_sets = _RULE_SETS if setting.capabilities.refusals else _RULE_SETS[:_FEWER]
    largest = 0
    asked, missing = Counter[int](), Counter[int]()
    for place, (kind, default_action, bypass) in enumerate(rule_sets, start=index):
        turn = index * len(_RULE_SETS) + place
        if not bench.put(rule_set(random, setting, network, kind, default_action, bypass, turn=turn), aim=None):
            continue
        pool = _every_kind(random, bench.vault, setting.capabilities)
        few, many = (first + random.randrange(_MORE) for first in _LARGE)
        is_full = place % len(rule_sets) < (_FULL if setting.capabilities.refusals else _NEARLY_FULL)
        sizes = [few, MAX_BATCH if is_full else many, many]
        if place % len(rule_sets) < _NEARLY_FULL:
            sizes[-1] += _BUFFERED
        for number, size in enumerate(sizes, start=1):
            if number == len(sizes):
                state = GeneratorState(random=random, capabilities=setting.capabilities, now=lambda: bench.vault)
                made = offered(_CHANGES[place % len(_CHANGES)](state), bench.vault, setting.capabilities)
                if made is not None:
                    send(bench, made)
                pool = _every_kind(random, bench.vault, setting.capabilities)
            random.shuffle(pool)
            bench.ask(
                [*islice(cycle(pool), size)],
                exercises=dict.fromkeys(pool, ("DEC-17",)),
                aim="DEC-17",
                in_every_size=number == len(sizes),
            )
            asked[class_of(size)] += 1
            missing[class_of(size)] += bench.largest_call < FIRSTS[class_of(size)]
            largest = max(largest, bench.largest_call)
    shares = [f"{missing[one]} of {asked[one]} calls of {in_words(one)} requests" for one in sorted(+missing)]
    if shares:
        divided = f"divided, since an answer before took too long: {', '.join(shares)}"
        bench.remark("DEC-17", f"{divided}; the largest call had {largest:,}")


def _endpoint_gone(state: GeneratorState) -> Change:
    """A listed subnet loses its endpoint; where no endpoint can change, a rule goes, or comes if there is none."""
    if state.listed and state.capabilities.endpoints:
        return set_endpoints(state.listed[0], state.random.choice(NO_ENDPOINTS))
    return remove(state, state.random.choice(state.ip_rules)) if state.ip_rules else _rule_added(state)


def _rule_added(state: GeneratorState) -> Change:
    return add(state, new_block(state))


_CHANGES: tuple[Callable[[GeneratorState], Change], ...] = (
    lambda _: update(bypass="None"),
    lambda _: update(defaultAction="Allow"),
    lambda _: update(defaultAction="Deny"),
    _endpoint_gone,
    _rule_added,
)
"""The changes between two large calls: each rule set has another."""


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
        kinds = (Caller(), *callers.some(random, trusted, 1), *callers.some(random, untrusted, 1))
        for kind, pair in product(kinds, callers.credentials(capabilities)[:_PAIRS]):
            caller = callers.with_credentials(kind, pair)
            found.append(place.request(caller, operation=callers.data_operation(random)))
            if capabilities.control_plane:
                found.append(place.control(callers.control_operation(random), caller))
    return list(dict.fromkeys(found))


CALL_SIZES = Exploration(name="call sizes", serves=("DEC-17",), scenarios=_scenarios)
