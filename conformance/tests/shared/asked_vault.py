"""The vault under the mutants, asked a few calls after one another."""

from typing import Any

from fencepost.conformance.mutants import Vault
from fencepost.conformance.mutants.values import PROFILES
from fencepost.conformance.mutants.witness import Call, reset
from runs import snake

BOTH = tuple(PROFILES)
PREVIEW, TODAY = BOTH
A_RANGE = "20.0.0.0/24"


def last(profile: str, *calls: Call) -> Any:
    """What the vault answers to the last of the calls, the first being a reset of its own where none is given."""
    vault, answer = Vault(profile), None
    for method, params in calls if calls[0][0] == "reset" else (reset(), *calls):
        members = {snake(name): value for name, value in params.items()}
        answer = getattr(vault, snake(method))(**members)
    return answer


def lets_through(profile: str, *calls: Call) -> bool:
    return bool(last(profile, *calls)["decisions"][-1]["outcome"] == "allow")


def accepts(profile: str, *calls: Call) -> bool:
    return bool(last(profile, *calls)["accepted"])
