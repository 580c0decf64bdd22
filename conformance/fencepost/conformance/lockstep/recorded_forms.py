"""WIRE: compares the form of rules that are read back with the form in recorded traffic of the service."""

from collections.abc import Callable, Sequence

from fencepost.adapters.contract import NetworkAcls
from fencepost.conformance.lockstep.normal_form import blocks_of
from fencepost.reference import Bypass, DefaultAction, RuleSet, Vault


def broken_form(answer: NetworkAcls | None, vault: Vault) -> str | None:
    """The first clause of WIRE that an answer to `getRules` breaks; None if it breaks none.

    The answer must have the rules in force (STA-5): only its form is judged. The order of repeated rules and the text
    of ranges are not. Under an edition with few recordings only WIRE-1 and WIRE-4 are judged, WIRE-4 beside IP rules.
    """
    judged = [one for one in _FORMS if vault.profile.has_all_recordings or one[0] in _RECORDED_EARLY]
    return next((clause for clause, breaks in judged if breaks(answer, vault)), None)


def _shows_a_bare_address(answer: NetworkAcls | None, vault: Vault) -> bool:  # noqa: ARG001 - as the others
    return answer is not None and any("/" not in entry.value for entry in answer.ip_rules or ())


def _has_another_order(answer: NetworkAcls | None, vault: Vault) -> bool:
    if answer is None:
        return False
    values = list(blocks_of((entry.value for entry in answer.ip_rules or ()), vault.profile))
    ids = [entry.id.lower() for entry in answer.virtual_network_rules or ()]
    blocks = [rule.block for rule in vault.rules.ip_rules]
    keys = [rule.key for rule in vault.rules.virtual_network_rules]
    return _is_turned(values, blocks) or _is_turned(ids, keys)


def _is_turned(got: Sequence[object], written: Sequence[object]) -> bool:
    return len(set(written)) == len(written) == len(got) and list(got) != list(written)


def _shows_capitals(answer: NetworkAcls | None, vault: Vault) -> bool:  # noqa: ARG001 - as the others
    return answer is not None and any(entry.id != entry.id.lower() for entry in answer.virtual_network_rules or ())


def _lacks_a_list(answer: NetworkAcls | None, vault: Vault) -> bool:
    if answer is None:
        return False
    if not vault.profile.has_all_recordings and not vault.rules.ip_rules:
        return False
    return answer.ip_rules is None or answer.virtual_network_rules is None


def _is_shown_without_need(answer: NetworkAcls | None, vault: Vault) -> bool:
    return answer is not None and is_all_default(vault.rules)


def is_all_default(rules: RuleSet) -> bool:
    """Whether the set has no rules, and both switches as in a new vault."""
    switches = (rules.default_action, rules.bypass)
    return switches == (DefaultAction.ALLOW, Bypass.AZURE_SERVICES) and not (
        rules.ip_rules or rules.virtual_network_rules
    )


_FORMS: tuple[tuple[str, Callable[[NetworkAcls | None, Vault], bool]], ...] = (
    ("WIRE-1", _shows_a_bare_address),
    ("WIRE-3", _shows_capitals),
    ("WIRE-5", _is_shown_without_need),
    ("WIRE-4", _lacks_a_list),
    ("WIRE-2", _has_another_order),
)
"""When each form is broken. WIRE-6 has no row: a form that is broken only after an earlier PUT breaks WIRE-6."""

_RECORDED_EARLY = ("WIRE-1", "WIRE-4")
"""The forms that are judged under an edition with few recordings."""
