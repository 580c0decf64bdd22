"""`fencepost demo`: a right and a wrong implementation side by side, and the difference explained step by step."""

import inspect
import textwrap
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

import click
from fencepost.adapters.contract import Client, Timeouts, open_factory
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.commands.console import labelled, show
from fencepost.conformance.commands.demo_vaults import FlawedVault, RightVault
from fencepost.conformance.lockstep.case import case_from_calls
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.oracle import ReferenceOracle
from fencepost.conformance.run.opening import begun, connected
from fencepost.conformance.run.plan import Plan
from fencepost.reference import load_profile
from fencepost.reports.counted import counted
from fencepost.reports.model import Clause, Counterexample
from fencepost.reports.visible import as_json
from rich.text import Text

CLAUSE = "DEC-4"
_VAULTS = (RightVault, FlawedVault)


@click.command()
def demo() -> None:
    """Judge two small vaults that differ in one method, and explain the smallest case that tells them apart.

    It takes a few seconds, asks nothing outside of this process, and writes no file. Exit status 0.
    """
    show(_heading("1  Two implementations, which differ in this method"))
    show(labelled([(vault.__name__, Text(_code(vault))) for vault in _VAULTS]))
    rows = {vault: _judged(vault) for vault in _VAULTS}
    show(_heading(f"2  The same questions to both, for the clause {CLAUSE}"))
    show(labelled([("clause", rows[RightVault].text), *((vault.__name__, _verdict(rows[vault])) for vault in _VAULTS)]))
    case = rows[FlawedVault].counterexamples[0]
    show(_heading("3  The smallest case that shows the fault"))
    show(labelled(list(_steps(case))))
    show(_heading("4  What next"))
    subject = f"library:{FlawedVault.__module__}:{FlawedVault.__name__}"
    show(
        labelled(
            [
                ("the whole run", f"fencepost check {subject}"),
                ("your own", "fencepost init KIND, then fencepost smoke SUBJECT and fencepost check SUBJECT"),
            ]
        )
    )


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _code(vault: type[RightVault]) -> str:
    return textwrap.dedent(inspect.getsource(vault.covers)).strip()


def _judged(vault: type[RightVault]) -> Clause:
    """The clause's result in a quick run of this clause."""
    plan = Plan(subject=vault.__name__, effort=EFFORTS["quick"], clauses=(CLAUSE,))
    with connected(vault, Timeouts()) as connection:
        campaign = begun(connection, plan)
        campaign.run()
        return next(row for row in campaign.report().clauses if row.id == CLAUSE)


def _verdict(row: Clause) -> Text:
    text = f"{row.verdict}: {counted(row.asked, 'decision')} of this clause asked, {row.decisive:,} right"
    return Text(text, style="bold red" if row.verdict == "fail" else "bold green")


def _steps(case: Counterexample) -> Iterator[tuple[str, str | Text]]:
    """The case in steps: the rules, what each covers, the request, the answers of both vaults, and the reason."""
    rules = dict(case.rules or {})
    yield "rules", as_json(rules)
    source = case.request["source"]
    assert isinstance(source, Mapping)
    address = IPv4Address(source["address"])
    entries = rules.get("ipRules")
    for entry in entries if isinstance(entries, list) else []:
        yield "the rule covers", _extent(IPv4Network(entry["value"]), address)
    yield "request", f"{case.request['operation']} from {address}"
    for vault in _VAULTS:
        answer = _answer(vault, case)
        is_right = answer == case.expected
        yield (
            vault.__name__,
            Text(f"{answer}, {'as expected' if is_right else 'wrong'}", style="" if is_right else "bold red"),
        )
    yield "expected", f"{case.expected}: {case.why}"
    calls = counted(len(case.calls), "call")
    yield "size", f"{calls}, from which nothing can be left out; finding that out took {case.calls_to_shrink}"


def _extent(rule: IPv4Network, address: IPv4Address) -> str:
    ends = {rule.network_address: "the first", rule.broadcast_address: "the last"}
    text = f"{rule}: {rule.num_addresses:,} addresses, from {rule.network_address} to {rule.broadcast_address}"
    return f"{text}; {address} is {ends[address]} of them" if address in ends else text


def _answer(vault: type[RightVault], case: Counterexample) -> str:
    """The vault's answer to the last call of the case, asked anew."""
    client = Client(open_factory(vault))
    try:
        lockstep = Lockstep(client, load_profile("keyvault"), oracle=ReferenceOracle(with_codes=False))
        return lockstep.outcome_of(case_from_calls(case.calls)) or ""
    finally:
        client.close()
