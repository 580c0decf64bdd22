"""Flaws in the control-plane exemption for callers in a listed subnet."""

from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, ask, control, endpoints, put

flaw = Flaws("control-plane")


class _AskingForTheSubnet(Vault):
    """A vault that also checks, for a control-plane call, whether the caller is in a listed subnet, endpoint or not."""

    def comes_from_a_listed_subnet(self, held: Held, ask: Ask) -> bool:
        return ask.subnet is not None and self.subnet_matches(held.subnet_rules, ask.subnet)


@flaw("control-around-the-endpoint-is-firewalled", "CTL-1 CTL-2", "closed")
@shown_by(put(subnets=[APP]), endpoints(APP), ask(control(subnet=APP)))
class _ControlAroundTheEndpointIsFirewalled(_AskingForTheSubnet):
    """A caller in a listed subnet must use its service endpoint, and that check comes before the control-plane
    exemption."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        goes_around = self.comes_from_a_listed_subnet(held, ask) and not self.subnet_has_endpoint(ask.subnet or "")
        return super().is_control(held, ask) and not goes_around


@flaw("services-in-a-listed-subnet-are-firewalled", "CTL-1", "closed")
@shown_by(put(subnets=[APP]), endpoints(APP), ask(control(subnet=APP, service="Azure DevOps")))
class _ServicesInAListedSubnetAreFirewalled(_AskingForTheSubnet):
    """Without the bypass, a service in a listed subnet goes to the endpoint check, which skips the control-plane
    exemption."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        is_service = ask.service is not None and held.bypass == "None"
        return super().is_control(held, ask) and not (is_service and self.comes_from_a_listed_subnet(held, ask))
