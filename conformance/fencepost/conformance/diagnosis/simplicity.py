"""The order in which mismatches are diagnosed: the simplest first."""

from fencepost.conformance.judging.exercised import PLAIN_OPERATION
from fencepost.conformance.lockstep.mismatch import Found, WrongDecision


def plainness(found: Found) -> tuple[int, ...]:
    """The sort key of a mismatch: the simpler the request, the smaller the key."""
    mismatch = found.mismatch
    if not isinstance(mismatch, WrongDecision):
        return (0,)
    request, caller = mismatch.request, mismatch.request.caller
    edges = {edge for rule in mismatch.vault.rules.ip_rules for edge in (rule.block.first, rule.block.last)}
    return (
        int(mismatch.is_about_codes),
        int(request.operation not in (PLAIN_OPERATION, "VaultGet")),
        int(caller.service is not None) + int(not caller.authenticated) + int(not caller.authorized),
        int(request.subnet is not None),
        int(request.address in edges),
        found.index,
    )
