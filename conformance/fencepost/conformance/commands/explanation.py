"""A decision in words: the outcome, the clause with its text, the rule, and the open points that change it."""

from collections.abc import Iterable, Mapping

from fencepost.conformance.catalogue import Clause, catalogue
from fencepost.conformance.commands.case_split import Branch, Decided, Refused
from fencepost.conformance.commands.clause_text import clause_rows
from fencepost.conformance.commands.console import labelled
from fencepost.conformance.reasons import REASONS, open_point
from fencepost.conformance.rule_files.found import NEVER_SET_UP, FoundRules
from fencepost.reference import (
    Decision,
    IpRule,
    Network,
    Plane,
    Profile,
    Request,
    RuleSet,
    VirtualNetworkRule,
    text_from_address,
)
from fencepost.reports.visible import visible
from rich.console import RenderableType
from rich.text import Text

_STYLES = {"allow": "bold green", "deny": "bold red", "refused": "bold red", "open": "bold yellow"}


def explanation(
    branches: tuple[Branch, ...], *, request: Request, network: Network, profile: Profile, found: FoundRules
) -> Iterable[RenderableType]:
    """The parts to show: first the outcome, then the reasons, then the request and the rules."""
    words = {_word(branch) for branch in branches}
    word = words.pop() if len(words) == 1 else "open"
    yield Text(word.upper(), style=_STYLES[word])
    rows: list[tuple[str, str | Text]] = []
    if len(branches) == 1 and isinstance(branches[0].ending, Decided):
        rows += _decided(branches[0].ending, request, network)
    else:
        rows += _ramified(branches, found)
    rows.append(("request", _request(request, network)))
    rows.append(("rules", _rules(found)))
    rows.append(("profile", f"{profile.name} ({profile.title})"))
    rows += [("note", note) for note in _notes(request, profile)]
    yield labelled(rows)


def clause_explained(clause: Clause) -> Iterable[RenderableType]:
    """What a clause promises, by which sources, what asks it, and what breaks it."""
    yield Text(clause.id, style="bold")
    yield labelled(list(clause_rows(clause)))


def _word(branch: Branch) -> str:
    if isinstance(branch.ending, Decided):
        return branch.ending.decision.outcome.value
    return "refused" if isinstance(branch.ending, Refused) else "open"


def _clause(clause_id: str) -> str:
    return f"{clause_id}: {catalogue()[clause_id].text}"


def _source(clause_id: str) -> str:
    clause = catalogue()[clause_id]
    return f"{clause.basis}: {clause.source}"


def _decided(ending: Decided, request: Request, network: Network) -> Iterable[tuple[str, str | Text]]:
    decision = ending.decision
    yield "clause", _clause(decision.clause)
    yield "source", _source(decision.clause)
    if decision.rule is not None:
        yield "rule", _rule(decision)
    yield "because", _because(ending, request, network)


def _ramified(branches: tuple[Branch, ...], found: FoundRules) -> Iterable[tuple[str, str | Text]]:
    """Each open point in words, then the result for each of its answers."""
    points = [point for branch in branches for point, _ in branch.choices]
    points += [point for branch in branches for point in getattr(branch.ending, "points", ())]
    for place, point in enumerate(dict.fromkeys(points)):
        yield "left open" if place == 0 else "", open_point(point)
    for branch in branches:
        chosen = " and ".join(f"{point} is {answer}" for point, answer in branch.choices)
        yield f"{_word(branch)} if" if chosen else _word(branch), Text(visible(f"{chosen}{_by(branch, found)}"))


def _by(branch: Branch, found: FoundRules) -> str:
    match branch.ending:
        case Decided(decision=decision):
            return f"  ({_clause(decision.clause)})"
        case Refused(violations=violations):
            named = [f"{found.place(one.path)}: {REASONS.get(one.name, one.name)} [{one.clause}]" for one in violations]
            return f"  ({'; '.join(named)})"
        case _:
            return "  (no choice decides this open point)"


def _rule(decision: Decision) -> str:
    match decision.rule:
        case IpRule(text=text, block=block):
            if block.first == block.last:
                return f"IP rule {text}"
            return f"IP rule {text}, that is {text_from_address(block.first)} to {text_from_address(block.last)}"
        case VirtualNetworkRule(id=subnet):
            return f"virtual network rule {subnet}"
        case None:
            return "none"


def _because(ending: Decided, request: Request, network: Network) -> str:
    """The facts about this request and these rules, criterion by criterion, in the order of the decision."""
    rules, caller = ending.rules, request.caller
    if request.plane is Plane.CONTROL:
        gate = "the firewall does not affect the control plane"
    elif rules.default_action == "Allow":
        gate = "the default action is Allow"
    else:
        gate = "; ".join(["the default action is Deny", *_criteria(rules, request, network)])
    missing = []
    if not caller.authenticated:
        missing.append("the caller has no valid token")
    if not caller.authorized:
        missing.append("the caller lacks the permission for the operation")
    return "; ".join([gate, *missing])


def _criteria(rules: RuleSet, request: Request, network: Network) -> Iterable[str]:
    address = text_from_address(request.address)
    held = rules.ip_rule_at(request.address)
    yield f"{address} is in the IP rule {held.text}" if held else f"no IP rule holds {address}"
    listed = rules.rule_for_subnet(request.subnet)
    if request.subnet is None:
        yield "the caller comes through no subnet"
    elif listed is None:
        yield "the caller's subnet is not listed"
    elif network.has_endpoint(request.subnet):
        yield "the caller's subnet is listed and has the service endpoint"
    else:
        yield "the caller's subnet is listed but does not have the service endpoint Microsoft.KeyVault"
    if request.caller.service is not None or request.caller.trusted is not None:
        yield f"the bypass is {rules.bypass.value}"


def _request(request: Request, network: Network) -> str:
    caller = request.caller
    parts = [f"{request.operation} on the {request.plane.value} plane", f"from {text_from_address(request.address)}"]
    if request.subnet is not None:
        endpoint = "with" if network.has_endpoint(request.subnet) else "without"
        parts.append(f"in the subnet {request.subnet} ({endpoint} the service endpoint)")
    if caller.service is not None:
        parts.append(f"by the service {caller.service!r}")
    if caller.trusted is not None:
        parts.append("marked as trusted" if caller.trusted else "marked as not trusted")
    if not caller.authenticated:
        parts.append("without a valid token")
    if not caller.authorized:
        parts.append("without the permission")
    return ", ".join(parts)


def _rules(found: FoundRules) -> str:
    of_vault = f" of the vault {found.vault}" if found.vault is not None else ""
    acls = found.network_acls
    if acls is NEVER_SET_UP:
        return f"none{of_vault}: it has no networkAcls, its firewall was never set up"
    if not isinstance(acls, Mapping):
        return f"{found.path}{of_vault}"
    ip_rules, subnet_rules = (acls.get(member) or () for member in ("ipRules", "virtualNetworkRules"))
    return (
        f"{found.path}{of_vault}: default action {acls.get('defaultAction', 'absent')}, "
        f"bypass {acls.get('bypass', 'absent')}, {_count(ip_rules, 'IP rule')}, "
        f"{_count(subnet_rules, 'virtual network rule')}"
    )


def _count(rules: object, noun: str) -> str:
    number = len(rules) if isinstance(rules, list) else 0
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _notes(request: Request, profile: Profile) -> Iterable[str]:
    caller = request.caller
    if profile.choice("trusted-services") == "attribute":
        if caller.service is not None and caller.trusted is None:
            yield "in this profile the request marks a trusted service (caller.trusted: true); its name does not count"
    elif caller.trusted is not None:
        yield "in this profile a service is trusted by its name; the member caller.trusted does not count"
    elif caller.service is not None and caller.service not in {service.name for service in profile.services}:
        yield f"the profile lists no service called {caller.service!r}; `fencepost profiles --json` lists them"
