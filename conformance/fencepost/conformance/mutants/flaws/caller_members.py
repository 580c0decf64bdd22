"""Flaws in what is made of a caller of whom little is said."""

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
    story="A caller who says that it is authenticated is taken to have said all: no word of a permission, no permission.",
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
    story="`if not caller` is meant for a request without a caller's token, and is true of an empty object as well.",
    witness=lambda _: (put(default="Allow"), ask({**call(), "caller": {}})),
)
class _CallerWithoutMembersIsNobody(Vault):
    def read_request(self, request: JsonObject) -> Ask:
        asked = super().read_request(request)
        return asked._replace(authenticated=False) if request.get("caller") == {} else asked
