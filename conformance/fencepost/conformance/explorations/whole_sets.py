"""Changes as the subject offers them: single changes as whole sets, for a subject without single changes."""

from collections.abc import Collection
from dataclasses import replace

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.capabilities import Ability, Capabilities
from fencepost.conformance.generate.changes import Change
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep, apply_write
from fencepost.conformance.lockstep.offered import as_offered
from fencepost.conformance.lockstep.wire import WireRules, entries_of, wire_rules_in_force
from fencepost.reference import Vault


def offered(change: Change, vault: Vault, capabilities: Capabilities) -> Change | None:
    """The change as the subject offers it: as a whole set where there are no single changes, or None."""
    if isinstance(change.step, EndpointsStep):
        return change
    step = as_offered(change.step, vault, replace(capabilities, abilities=capabilities.abilities | {Ability.REFUSALS}))
    if step is None:
        return None
    made: Change | None = replace(change, step=step)
    if not capabilities.incremental:
        made = as_whole_set(replace(change, step=step), vault)
    if made is None or not isinstance(made.step, WriteStep) or as_offered(made.step, vault, capabilities) is None:
        return None
    return made


def send(bench: Bench, change: Change, *, exercises: Collection[str] = ()) -> bool:
    """Send a change that the subject offers; whether the subject accepted it, as `Bench.write` has it."""
    match change.step:
        case WriteStep(method=method, params=params):
            return bench.write(method, params, exercises=exercises, aim=change.aim)
        case EndpointsStep(subnet=subnet, service_endpoints=endpoints):
            bench.endpoints(subnet, endpoints)
    return True


def as_whole_set(change: Change, vault: Vault) -> Change | None:
    """The change as a `putRules` of the changed set; None if no set expresses it."""
    step = change.step
    if isinstance(step, EndpointsStep) or step.method == "putRules":
        return change
    changed = apply_write(vault, step).accepted
    if changed is not None:
        params = {"networkAcls": wire_rules_in_force(changed.rules)}
        return replace(change, step=WriteStep(method="putRules", params=params), clauses=("STA-1",))
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
    return replace(change, step=WriteStep(method="putRules", params={"networkAcls": acls}))


def _with_entry(acls: WireRules, member: str, entry: object) -> WireRules:
    entries = entries_of(acls, member)
    return {**acls, member: [*entries, entry]}
