"""How the subject has come to be what it is, so that it can be brought there again after a counterexample was looked for."""

from fencepost.conformance.bench.fault_policy import Abandoned
from fencepost.conformance.lockstep.case import EndpointsStep, Step, WriteStep
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.reference import Network


class StepsInForce:
    """The last rule set that was put, and the writes since then, in the network of that time."""

    def __init__(self, lockstep: Lockstep) -> None:
        self._lockstep = lockstep
        self._network = Network()
        self._steps: list[Step] = []

    def begin(self, network: Network) -> None:
        """From here on: a vault in this network."""
        self._network, self._steps = network, []

    def add(self, step: Step) -> None:
        """One more step was made."""
        self._steps.append(step)

    @property
    def has_steps(self) -> bool:
        """Whether anything was written since the vault was new."""
        return bool(self._steps)

    def restore(self) -> None:
        """Bring the subject to the state that the reference's vault is in; `Abandoned` where the steps do not lead there."""
        wanted = self._lockstep.vault
        self._lockstep.restart(self._network)
        for step in self._steps:
            match step:
                case WriteStep():
                    self._lockstep.write(step)
                case EndpointsStep():
                    self._lockstep.set_endpoints(step)
        if self._lockstep.vault.rules != wanted.rules or self._lockstep.vault.network != wanted.network:
            raise Abandoned
