"""Examples that each strategy for users' tests draws, as Markdown for the page of the site."""

import json
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass

from fencepost.conformance import histories, ip_rules, networks, refused_rule_sets, requests, rule_sets, subnets
from fencepost.reports.visible import abridged, as_json
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

SHOWN = 3
"""So many examples of each strategy are shown, the shortest of those that were drawn last."""

_RULES = '{"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [{"value": "20.1.2.0/24"}]}'

STRATEGIES: dict[str, st.SearchStrategy[object]] = {
    'ip_rules("keyvault")': ip_rules("keyvault"),
    'rule_sets("keyvault", max_ip_rules=4)': rule_sets("keyvault", max_ip_rules=4),
    'refused_rule_sets("keyvault")': refused_rule_sets("keyvault"),
    "subnets()": subnets(),
    "networks()": networks(),
    f"requests({_RULES})": requests(json.loads(_RULES)),
    'histories("keyvault", max_moves=2)': histories("keyvault", max_moves=2),
}
"""The strategies by the call that makes them."""


def drawn_examples() -> Iterator[str]:
    """A section for each strategy: the call, and a line of JSON for each example; the same each time."""
    for call, strategy in STRATEGIES.items():
        lines = sorted(dict.fromkeys(map(_line, _drawn(strategy)[-30:])), key=len)[:SHOWN]
        yield "\n".join([f"`{call}`", "", *(f"    {line}" for line in lines), ""])


def _drawn(strategy: st.SearchStrategy[object]) -> list[object]:
    found: list[object] = []

    @settings(
        max_examples=60,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value: object) -> None:
        found.append(value)

    draw()
    return found


def _line(value: object) -> str:
    return as_json(abridged(asdict(value) if is_dataclass(value) and not isinstance(value, type) else value))
