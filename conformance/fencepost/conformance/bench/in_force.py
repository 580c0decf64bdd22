"""The calls that brought the subject to its present state, to restore it after a counterexample was looked for."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench.fault_policy import Abandoned
from fencepost.conformance.lockstep.case import EndpointsStep, Step, WriteStep
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.wire import network_from_wire, wire_network, wire_rules_in_force
from fencepost.reference import Network


class StepsInForce:
    """The last rule set, and the writes since then, in the network of that time."""

    def __init__(self, lockstep: Lockstep) -> None:
        self._lockstep = lockstep
        self._network = Network()
        self._steps: list[Step] = []
        self._is_known = self._is_running = False

    def scenario_begins(self) -> None:
        """Begin a scenario; if the scenario before did not reach its end, the vault's state is unknown."""
        self._is_known = self._is_known and not self._is_running
        self._is_running = True

    def scenario_ends(self) -> None:
        """Note that the scenario has reached its end."""
        self._is_running = False

    def reset(self, network: Network) -> None:
        """Begin with a new vault in this network."""
        self._is_known = True
        self.put(network)

    def put(self, network: Network) -> None:
        """Note that the rules are replaced in this network: earlier writes no longer matter."""
        self._network, self._steps = network, []

    def forget(self) -> None:
        """Forget the vault's state: the next scenario begins a new vault."""
        self._is_known = False

    def is_known_in(self, network: Network) -> bool:
        """Whether the vault is in this network, and its rules are known."""
        return self._is_known and self._lockstep.vault.network == network

    def add(self, step: Step) -> None:
        """Add one step."""
        self._steps.append(step)

    @property
    def recorded(self) -> tuple[list[JsonObject] | None, JsonObject | None]:
        """The network, and the rules if any were written, for a resumption; None for each if unknown."""
        vault = self._lockstep.vault
        is_known = self._is_known and not self._is_running
        network = wire_network(vault.network) if is_known else None
        return network, wire_rules_in_force(vault.rules) if is_known and self._steps else None

    def resume(self, network: list[JsonObject] | None, rules: JsonObject | None) -> None:
        """Bring a new subject to the recorded state."""
        if network is not None:
            self._lockstep.reset(network_from_wire(network))
            self.reset(self._lockstep.vault.network)
        if rules is not None:
            step = WriteStep(method="putRules", params={"networkAcls": rules})
            self._lockstep.write(step)
            self.add(step)

    def restore(self) -> None:
        """Bring the subject to the state of the reference's vault; `Abandoned` where the steps do not lead there."""
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
