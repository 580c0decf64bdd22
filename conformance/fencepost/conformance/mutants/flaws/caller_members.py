"""Flaws in handling a caller that leaves out members."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws
from fencepost.conformance.mutants.values import Ask
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put

flaw = Flaws("credentials")


@flaw(
    "one-flag-given-and-the-other-means-no",
    clause="DEC-1",
    also=("DEC-2", "DEC-6", "CTL-1"),
    direction="closed",
    story="For a caller with the member `authenticated`, an absent `authorized` is read as false, not as true.",
    witness=lambda _: (put(default="Allow"), ask(call(authenticated=True))),
)
class _OneFlagGivenAndTheOtherMeansNo(Vault):
    def read_flag(self, caller: JsonObject, name: str) -> bool:
        silent = name == "authorized" and "authenticated" in caller and name not in caller
        return not silent and super().read_flag(caller, name)


@flaw(
    "caller-without-members-is-nobody",
    clause="DEC-1",
    also=("DEC-2", "DEC-6", "CTL-1"),
    direction="closed",
    story="`if not caller` was meant for a request without a token, and is also true for an empty caller object.",
    witness=lambda _: (put(default="Allow"), ask({**call(), "caller": {}})),
)
class _CallerWithoutMembersIsNobody(Vault):
    def read_request(self, request: JsonObject) -> Ask:
        asked = super().read_request(request)
        return asked._replace(authenticated=False) if request.get("caller") == {} else asked
