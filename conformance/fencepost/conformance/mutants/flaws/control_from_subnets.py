"""Flaws in the exemption of the control plane for those who call from a listed subnet."""

from fencepost.conformance.mutants.mutant import Flaws
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, ask, control, endpoints, put

flaw = Flaws("control-plane")


class _AskingForTheSubnet(Vault):
    """A vault that knows of a control call whether it comes from a listed subnet, through the endpoint or not."""

    def comes_from_a_listed_subnet(self, held: Held, ask: Ask) -> bool:
        return ask.subnet is not None and self.subnet_matches(held.subnet_rules, ask.subnet)


@flaw(
    "control-around-the-endpoint-is-firewalled",
    clause="CTL-1",
    also=("CTL-2",),
    direction="closed",
    story="Who is in a listed subnet must come through its endpoint, and that is asked before the plane is.",
    witness=lambda _: (put(subnets=[APP]), endpoints(APP), ask(control(subnet=APP))),
)
class _ControlAroundTheEndpointIsFirewalled(_AskingForTheSubnet):
    def is_control(self, held: Held, ask: Ask) -> bool:
        goes_around = self.comes_from_a_listed_subnet(held, ask) and not self.subnet_has_endpoint(ask.subnet or "")
        return super().is_control(held, ask) and not goes_around


@flaw(
    "services-in-a-listed-subnet-are-firewalled",
    clause="CTL-1",
    direction="closed",
    story="A service without the bypass is let in where its subnet is listed; that branch leads to the endpoint, and past the exemption.",
    witness=lambda _: (put(subnets=[APP]), endpoints(APP), ask(control(subnet=APP, service="Azure DevOps"))),
)
class _ServicesInAListedSubnetAreFirewalled(_AskingForTheSubnet):
    def is_control(self, held: Held, ask: Ask) -> bool:
        is_service = ask.service is not None and held.bypass == "None"
        return super().is_control(held, ask) and not (is_service and self.comes_from_a_listed_subnet(held, ask))
