"""Flaws in handling a caller that leaves out members."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.values import Ask
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put

flaw = Flaws("credentials")


@flaw("one-flag-given-and-the-other-means-no", "DEC-1 DEC-2 DEC-6 CTL-1", "closed")
@shown_by(put(default="Allow"), ask(call(authenticated=True)))
class _OneFlagGivenAndTheOtherMeansNo(Vault):
    """For a caller with the member `authenticated`, an absent `authorized` is read as false, not as true."""

    def read_flag(self, caller: JsonObject, name: str) -> bool:
        silent = name == "authorized" and "authenticated" in caller and name not in caller
        return not silent and super().read_flag(caller, name)


@flaw("caller-without-members-is-nobody", "DEC-1 DEC-2 DEC-6 CTL-1", "closed")
@shown_by(put(default="Allow"), ask({**call(), "caller": {}}))
class _CallerWithoutMembersIsNobody(Vault):
    """`if not caller` was meant for a request without a token, and is also true for an empty caller object."""

    def read_request(self, request: JsonObject) -> Ask:
        asked = super().read_request(request)
        return asked._replace(authenticated=False) if request.get("caller") == {} else asked
