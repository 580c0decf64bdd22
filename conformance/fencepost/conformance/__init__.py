"""The conformance kit: strategies, clauses, suite, plugin and command. Its public names are loaded when first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fencepost.conformance.pytest.stored_cases import stored_case_must_pass
    from fencepost.conformance.pytest.suite_class import conformance_suite
    from fencepost.conformance.strategies import (
        RefusedRuleSet,
        histories,
        history_machine,
        ip_rules,
        networks,
        refused_rule_sets,
        requests,
        rule_sets,
        subnets,
    )

_HOME = {
    "RefusedRuleSet": "strategies",
    "conformance_suite": "pytest.suite_class",
    "histories": "strategies",
    "history_machine": "strategies",
    "ip_rules": "strategies",
    "networks": "strategies",
    "refused_rule_sets": "strategies",
    "requests": "strategies",
    "rule_sets": "strategies",
    "stored_case_must_pass": "pytest.stored_cases",
    "subnets": "strategies",
}

__all__ = [
    "RefusedRuleSet",
    "conformance_suite",
    "histories",
    "history_machine",
    "ip_rules",
    "networks",
    "refused_rule_sets",
    "requests",
    "rule_sets",
    "stored_case_must_pass",
    "subnets",
]


def __getattr__(name: str) -> object:
    """The public name, imported on first use: pytest loads the plugin in runs that need nothing else of the kit."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
