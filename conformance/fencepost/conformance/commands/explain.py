"""`fencepost explain`: the reference's decision on a request under given rules, with clause and rule, in words."""

import sys
from collections.abc import Mapping
from typing import NoReturn

import click
from fencepost.conformance.commands.case_split import split_cases
from fencepost.conformance.commands.console import show
from fencepost.conformance.commands.explanation import explanation
from fencepost.conformance.commands.json_input import STDIN, UnreadableInput
from fencepost.conformance.commands.request_file import oddities, read_network, read_request
from fencepost.conformance.commands.rules_file import FoundRules, read_rules
from fencepost.conformance.reasons import open_point, reason
from fencepost.reference import (
    Network,
    Profile,
    Request,
    Subnet,
    UnknownProfile,
    Verdict,
    load_profile,
    validate,
)
from fencepost.reports.visible import visible


@click.command(short_help="Explain the decision on a request under given rules.")
@click.argument("rules", metavar="RULES.json")
@click.argument("request_file", metavar="REQUEST.json")
@click.option(
    "--profile", "profile_name", default="keyvault", show_default=True, help="The edition of the specification."
)
@click.option("--network", "network_file", metavar="NET.json", help="Subnets and their service endpoints.")
@click.option("--vault", metavar="NAME", help="The vault whose rules to use, if the file holds several.")
def explain(*, rules: str, request_file: str, profile_name: str, network_file: str | None, vault: str | None) -> None:
    """Explain the decision of the specification on a request: the outcome, and the clause and the rule that decide.

    RULES.json is a networkAcls object, a vault resource, or an ARM template that holds one; REQUEST.json is a request
    of the contract. A dash reads stdin. Subnets outside NET.json ({"subnets": [{"id", "serviceEndpoints"}]}) count as
    having the service endpoint.
    """
    if [rules, request_file, network_file].count(STDIN) > 1:
        raise click.UsageError("only one of the files can be stdin")
    profile = _profile(profile_name)
    try:
        found = read_rules(rules, vault=vault)
        request = read_request(request_file)
        given = read_network(network_file) if network_file is not None else Network()
    except UnreadableInput as error:
        _refuse([visible(line) for line in str(error).splitlines()])
    network = _completed(given, found, request)
    _check(found, profile, network)
    for oddity in oddities(request):
        click.echo(f"note: {visible(oddity)}", err=True)
    branches = split_cases(found.network_acls, request, network=network, profile=profile)
    show(*explanation(branches, request=request, network=network, profile=profile, found=found))


def _profile(name: str) -> Profile:
    try:
        return load_profile(name)
    except UnknownProfile as error:
        raise click.BadParameter(str(error), param_hint="--profile") from None


def _completed(given: Network, found: FoundRules, request: Request) -> Network:
    """The network with every subnet of the rules and the request added; added subnets have the endpoint."""
    acls = found.network_acls
    entries = acls.get("virtualNetworkRules") if isinstance(acls, Mapping) else None
    ids = [entry.get("id") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    named = [one for one in (*ids, request.subnet) if isinstance(one, str)]
    by_key = {one.lower(): one for one in reversed(named) if one not in given}
    return Network(subnets=(*given.subnets, *(Subnet(id=one) for one in by_key.values())))


def _check(found: FoundRules, profile: Profile, network: Network) -> None:
    """Do nothing if the rules may be accepted; otherwise raise bad usage with every violation."""
    assessment = validate(found.network_acls, profile=profile, network=network)
    if assessment.verdict is not Verdict.REFUSED:
        return
    lines = [f"the profile {profile.name} refuses these rules:"]
    for violation in assessment.violations:
        value = _value_at(found.network_acls, violation.path)
        told = reason(violation, value=value, profile=profile)
        depends = "; ".join(open_point(point) for point in sorted(violation.open_points))
        left_open = "" if violation.is_certain else f" (left open by the specification: {depends})"
        lines.append(visible(f"  {found.path}{violation.path[1:]}: {told} [{violation.clause}]{left_open}"))
    _refuse(lines)


def _value_at(acls: object, path: str) -> object:
    """The value at a path of the form `$.member[index].member`; None if there is none."""
    value = acls
    for step in path.removeprefix("$").replace("[", ".").replace("]", "").split(".")[1:]:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _refuse(lines: list[str]) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(2)
