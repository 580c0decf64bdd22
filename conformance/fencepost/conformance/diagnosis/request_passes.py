"""Plainer requests for a case: the plain operation, caller, place and address, as far as the mismatch lets them be."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from fencepost.conformance.judging.exercised import PLAIN_OPERATION
from fencepost.conformance.lockstep.case import is_private
from fencepost.reference import Caller, Plane, Request, Vault

PLAIN_PUBLIC = (20 << 24) + (77 << 16) + (66 << 8) + 55
PLAIN_PRIVATE = (10 << 24) + 4


def _plain_operation(request: Request, _: Vault) -> Iterator[Request]:
    yield replace(request, operation=PLAIN_OPERATION if request.plane is Plane.DATA else "VaultGet")


def _plain_caller(request: Request, _: Vault) -> Iterator[Request]:
    yield replace(request, caller=Caller())
    caller = request.caller
    if caller.service is not None:
        yield replace(request, caller=replace(caller, service=None, trusted=None))
    if not caller.authenticated and not caller.authorized:
        yield replace(request, caller=replace(caller, authenticated=True))
        yield replace(request, caller=replace(caller, authorized=True))


def _no_subnet(request: Request, _: Vault) -> Iterator[Request]:
    if request.subnet is not None:
        address = PLAIN_PUBLIC if is_private(request.address) else request.address
        yield replace(request, subnet=None, address=address)


def _plain_letters(request: Request, vault: Vault) -> Iterator[Request]:
    for subnet in vault.network.subnets:
        if request.subnet is not None and subnet.id.lower() == request.subnet.lower():
            yield replace(request, subnet=subnet.id)


def _plain_address(request: Request, vault: Vault) -> Iterator[Request]:
    if request.subnet is not None and is_private(request.address):
        yield replace(request, address=PLAIN_PRIVATE)
        return
    rule = vault.rules.ip_rule_at(request.address)
    if rule is None:
        yield replace(request, address=PLAIN_PUBLIC)
    elif rule.block.last - rule.block.first > 2 and request.address in (rule.block.first, rule.block.last):
        yield replace(request, address=(rule.block.first + rule.block.last) // 2 + 1)


PLAINER_REQUESTS: tuple[Callable[[Request, Vault], Iterator[Request]], ...] = (
    _plain_operation,
    _plain_caller,
    _no_subnet,
    _plain_letters,
    _plain_address,
)
"""The moves, each from a request under these rules to plainer ones."""
