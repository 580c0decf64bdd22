"""Single changes as whole sets, for a subject without single changes."""

from dataclasses import replace

from fencepost.conformance.capabilities import Ability, Capabilities
from fencepost.conformance.generate.strokes import Stroke
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep, apply_write
from fencepost.conformance.lockstep.offered import as_offered
from fencepost.conformance.lockstep.wire import WireRules, wire_rules_in_force
from fencepost.reference import Vault


def offered(stroke: Stroke, vault: Vault, capabilities: Capabilities) -> Stroke | None:
    """The stroke as the subject offers it: as a whole set where there are no single changes, or None."""
    if isinstance(stroke.step, EndpointsStep):
        return stroke
    step = as_offered(stroke.step, vault, replace(capabilities, abilities=capabilities.abilities | {Ability.REFUSALS}))
    if step is None:
        return None
    made: Stroke | None = replace(stroke, step=step)
    if not capabilities.incremental:
        made = as_whole_set(replace(stroke, step=step), vault)
    if made is None or not isinstance(made.step, WriteStep) or as_offered(made.step, vault, capabilities) is None:
        return None
    return made


def as_whole_set(stroke: Stroke, vault: Vault) -> Stroke | None:
    """The stroke as a `putRules` of the changed set; None if no set expresses it."""
    step = stroke.step
    if isinstance(step, EndpointsStep) or step.method == "putRules":
        return stroke
    changed = apply_write(vault, step).accepted
    if changed is not None:
        params = {"networkAcls": wire_rules_in_force(changed.rules)}
        return replace(stroke, step=WriteStep(method="putRules", params=params), clauses=("STA-1",))
    acls = wire_rules_in_force(vault.rules)
    match step.method:
        case "addIpRule":
            acls = _with_entry(acls, "ipRules", step.params)
        case "addVirtualNetworkRule":
            acls = _with_entry(acls, "virtualNetworkRules", step.params)
        case "updateRules":
            acls = {**acls, **step.params}
        case _:
            return None
    return replace(stroke, step=WriteStep(method="putRules", params={"networkAcls": acls}))


def _with_entry(acls: WireRules, member: str, entry: object) -> WireRules:
    entries = acls[member]
    assert isinstance(entries, list)
    return {**acls, member: [*entries, entry]}
