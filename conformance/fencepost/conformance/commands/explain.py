"""`fencepost explain`: the reference's decision on a request under given rules, with clause and rule, in words."""

import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import click
from fencepost.conformance.catalogue import UnknownClause, catalogue
from fencepost.conformance.commands.case_split import split_cases
from fencepost.conformance.commands.completion import CLAUSE_OR_FILE, OPERATION, SERVICE
from fencepost.conformance.commands.console import show
from fencepost.conformance.commands.explanation import clause_explained, explanation
from fencepost.conformance.commands.options import PROFILE
from fencepost.conformance.commands.request_file import Asked, oddities, read_asked, read_network
from fencepost.conformance.reasons import open_point, reason
from fencepost.conformance.rule_files.expressions import RESOURCE_GROUP, SUBSCRIPTION, may_be
from fencepost.conformance.rule_files.found import FoundRules
from fencepost.conformance.rule_files.json_file import STDIN, UnreadableInput
from fencepost.conformance.rule_files.reading import named_subnets, read_rules
from fencepost.reference import (
    Network,
    Profile,
    Request,
    Subnet,
    Verdict,
    is_subnet_id,
    load_profile,
    validate,
)
from fencepost.reports.counted import counted
from fencepost.reports.visible import visible


@click.command()
@click.argument("rules", metavar="RULES|CLAUSE", shell_complete=CLAUSE_OR_FILE)
@click.argument("request_given", metavar="[ADDRESS|REQUEST.json]", required=False)
@click.option(
    "--profile",
    "profile_name",
    type=PROFILE,
    default="keyvault",
    show_default=True,
    help="The edition of the specification.",
)
@click.option("--subnet", metavar="ID", help="The caller's subnet, by its resource id.")
@click.option("--service", metavar="NAME", shell_complete=SERVICE, help="The Microsoft service that calls.")
@click.option("--trusted/--not-trusted", default=None, help="Whether that service is trusted for this call.")
@click.option(
    "--operation",
    metavar="NAME",
    shell_complete=OPERATION,
    help="The operation; its name decides the plane. Default: SecretGet.",
)
@click.option("--unauthenticated", is_flag=True, help="The caller has no valid token.")
@click.option("--unauthorized", is_flag=True, help="The caller lacks the permission for the operation.")
@click.option("--network", "network_file", metavar="NET.json", help="Subnets and their service endpoints.")
@click.option("--parameters", metavar="FILE", help="The parameters file of an ARM template.")
@click.option("--vault", metavar="NAME", help="The vault whose rules count, where the file holds several.")
def explain(
    *,
    rules: str,
    request_given: str | None,
    profile_name: str,
    subnet: str | None,
    service: str | None,
    trusted: bool | None,
    operation: str | None,
    unauthenticated: bool,
    unauthorized: bool,
    network_file: str | None,
    parameters: str | None,
    vault: str | None,
) -> None:
    """Say what the specification makes of a request: the outcome, the clause and the rule that decide.

    \b
      fencepost explain vault.json 20.1.2.3
      fencepost explain vault.json --subnet ID --operation KeySign
      fencepost explain vault.json request.json
      fencepost explain DEC-4

    RULES is a file; a dash reads stdin. It holds a networkAcls object, one vault or several, an ARM template, or what
    the Azure CLI, REST, Resource Graph, what-if, PowerShell or `terraform show -json` print. REQUEST.json is a request
    as the contract has it. Subnets that neither file nor NET.json defines ({"subnets": [{"id", "serviceEndpoints"}]})
    are taken to have the service endpoint.

    Exit status: 0 the request is decided, or open points decide it and each answer is shown; 2 bad usage, or rules that
    are refused or cannot be known.
    """  # noqa: D301 - the backspace is a character, by which click keeps the lines of a paragraph
    asked = Asked(
        subnet=subnet,
        service=service,
        trusted=trusted,
        operation=operation,
        authenticated=not unauthenticated,
        authorized=not unauthorized,
    )
    if request_given is None and asked == Asked() and rules.upper() in {clause.id for clause in catalogue().clauses}:
        show(*clause_explained(catalogue()[rules.upper()]))
        return
    if re.fullmatch(r"[A-Za-z]+-[0-9]+", rules) and not Path(rules).exists():
        try:
            catalogue()[rules.upper()]
        except UnknownClause as error:
            raise click.UsageError(str(error)) from None
    if rules.isalpha() and not Path(rules).exists():
        with suppress(UnknownClause):
            family = catalogue().matching(rules)
            text = f"{rules.upper()} is a family of {counted(len(family), 'clause')}: name one, as {family[0].id}"
            raise click.UsageError(f"{text}; fencepost clauses lists them")
    if [rules, request_given, network_file, parameters].count(STDIN) > 1:
        raise click.UsageError("only one of the files can be stdin")
    profile = load_profile(profile_name)
    try:
        found = read_rules(rules, vault=vault, parameters=parameters)
        given = read_network(network_file) if network_file is not None else Network()
        request = read_asked(request_given, asked)
    except UnreadableInput as error:
        _refuse([visible(line) for line in str(error).splitlines()])
    _check_subnet(found, request.subnet, given)
    network = _completed(given, found, request)
    _check(found, profile, network)
    for note in (*found.notes, *oddities(request)):
        click.echo(f"note: {visible(note)}", err=True)
    branches = split_cases(found.network_acls, request, network=network, profile=profile)
    show(*explanation(branches, request=request, network=network, profile=profile, found=found))


def _check_subnet(found: FoundRules, subnet: str | None, given: Network) -> None:
    """Nothing, where it is known whether the caller's subnet is listed, and if so, its endpoints; bad usage otherwise.

    `given` is the network file, which says whether a subnet has the endpoint where the file of the rules does not.
    """
    listed = list(named_subnets(found))
    if subnet is None or _lets_everyone_in(found):
        return
    if any(one.lower() == subnet.lower() for one in listed):
        unknown = [one.unknown for one in found.subnets if one.unknown and one.is_for(subnet)]
        if unknown and subnet not in given:
            _refuse([visible(f"{unknown[0]}; --network FILE may say whether the subnet has the service endpoint")])
        return
    for one in listed:
        if may_be(one, subnet):
            text = (
                f"--subnet: may be the subnet {one} of the rules, whose {SUBSCRIPTION} or {RESOURCE_GROUP} only the "
                "deployment knows; if it is, name it as the rules do"
            )
            _refuse([visible(f"{found.place('$.virtualNetworkRules')}: {text}")])


def _lets_everyone_in(found: FoundRules) -> bool:
    acls = found.network_acls
    return isinstance(acls, Mapping) and acls.get("defaultAction") == "Allow"


def _completed(given: Network, found: FoundRules, request: Request) -> Network:
    """The network with every subnet that the rules or the request name.

    A subnet that the network file defines counts before one that the file of the rules defines. One that neither
    defines has the service endpoint.
    """
    own = {
        one.id.lower(): Subnet(id=one.id, service_endpoints=one.service_endpoints)
        for one in reversed(found.subnets)
        if not one.unknown and one.id not in given and is_subnet_id(one.id)
    }
    known = Network(subnets=(*given.subnets, *own.values()))
    named = [*named_subnets(found), *([request.subnet] if request.subnet is not None else [])]
    by_key = {subnet.lower(): subnet for subnet in reversed(named) if subnet not in known}
    return Network(subnets=(*known.subnets, *(Subnet(id=subnet) for subnet in by_key.values())))


def _check(found: FoundRules, profile: Profile, network: Network) -> None:
    """Nothing, where the rules may be accepted; bad usage with every violation otherwise."""
    _check_number(found, profile)
    assessment = validate(found.network_acls, profile=profile, network=network)
    if assessment.verdict is not Verdict.REFUSED:
        return
    lines = [f"the profile {profile.name} refuses these rules:"]
    for violation in assessment.violations:
        value = _value_at(found.network_acls, violation.path)
        message = reason(violation, value=value, profile=profile)
        depends = "; ".join(open_point(point) for point in sorted(violation.open_points))
        left_open = "" if violation.is_certain else f" (left open by the specification: {depends})"
        lines.append(visible(f"  {found.place(violation.path)}: {message} [{violation.clause}]{left_open}"))
    _refuse(lines)


_SPELLINGS = 64
"""More texts than there are spellings of one rule. So many times the limit are too many rules, however they read."""


def _check_number(found: FoundRules, profile: Profile) -> None:
    """Refuse a list that is far over its limit before each of its entries is read."""
    acls = found.network_acls
    limits = (
        ("ipRules", "value", profile.max_ip_rules),
        ("virtualNetworkRules", "id", profile.max_virtual_network_rules),
    )
    for member, key, limit in limits:
        entries = acls.get(member) if isinstance(acls, Mapping) else None
        if not isinstance(entries, list) or len(entries) <= limit * _SPELLINGS:
            continue
        texts = {entry.get(key) for entry in entries if isinstance(entry, Mapping) and isinstance(entry.get(key), str)}
        if len(texts) > limit * _SPELLINGS:
            text = f"{len(entries):,} rules, the profile {profile.name} has a maximum of {limit:,}"
            place = found.place(f"$.{member}")
            _refuse([f"the profile {profile.name} refuses these rules:", f"  {place}: {text}"])


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
