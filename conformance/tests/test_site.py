"""The documentation site: a page for each clause, and a diagram that is the reference's decision."""

import json
import re
from html import unescape
from itertools import product
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands import main
from fencepost.conformance.commands.bench_plot import bench_plot
from fencepost.conformance.commands.clause_text import clause_rows
from fencepost.conformance.commands.decision_diagram import CREDENTIALS, FIREWALL, decision_diagram
from fencepost.conformance.commands.site import write_site
from fencepost.conformance.mutants import CATALOGUE
from fencepost.reference import (
    SERVICE_ENDPOINT,
    Bypass,
    Caller,
    DefaultAction,
    IpRule,
    Network,
    Outcome,
    Plane,
    Request,
    RuleSet,
    Subnet,
    VirtualNetworkRule,
    address_from_text,
    block_from_cidr,
    decide,
    load_profile,
)
from fencepost.reference.open_points import OPEN_POINTS
from fencepost.reference.parse import MISTAKES

pytestmark = pytest.mark.xdist_group("site")

PROFILE = load_profile("keyvault-2018-preview")
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/a"
IDS = [clause.id for clause in catalogue().clauses]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write_site(folder)
    return folder


def _words(text: str) -> str:
    return " ".join(text.split())


def _unescaped(text: str) -> str:
    """Markdown's text without the backslashes before punctuation."""
    return re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text)


@pytest.mark.parametrize("clause_id", IDS)
def test_the_page_of_a_clause_says_what_explain_prints(clause_id: str, sources: Path) -> None:
    page = (sources / "source" / "clauses" / f"{clause_id.lower()}.md").read_text(encoding="utf-8")
    plain = _words(unescape(_unescaped(page)))
    result = CliRunner().invoke(main, ["explain", clause_id], env={"COLUMNS": "2000"}, catch_exceptions=False)
    printed = _words(result.stdout)
    rows = list(clause_rows(catalogue()[clause_id]))
    assert {"says", "level", "basis", "source", "asked by"} <= {label for label, _ in rows}
    for label, text in rows:
        assert _words(f"{label} {text}") in printed
        assert _words(_unescaped(text)) in plain


def test_every_clause_that_a_mutant_breaks_has_an_example() -> None:
    with_example = {one for one in IDS if any(label == "example" for label, _ in clause_rows(catalogue()[one]))}
    assert with_example == {one.clause for one in CATALOGUE.values() if one.choice is None}
    assert len(with_example) > 0.9 * len(IDS)


def test_every_open_point_stands_at_the_clauses_that_leave_it_out() -> None:
    for point in OPEN_POINTS:
        assert point.clauses
        for clause_id in point.clauses:
            rows = list(clause_rows(catalogue()[clause_id]))
            assert ("open point", f"{point.key}: {point.question}; {point.known}") in rows
        assert MISTAKES.get(point.key, point.clauses[0]) in point.clauses


def test_a_public_source_of_a_flaw_is_shown_and_none_is_invented() -> None:
    rows = {clause_id: list(clause_rows(catalogue()[clause_id])) for clause_id in IDS}
    source = "elddy/NimScan #16: the last address of a range is left out (mutant:last-address-excluded)"
    assert ("seen in", source) in rows["DEC-4"]
    seen = {clause_id for clause_id in IDS if any(label == "seen in" for label, _ in rows[clause_id])}
    assert seen == {one.clause for one in CATALOGUE.values() if one.origin and one.choice is None}
    for clause_id in IDS:
        origins = [one.origin for one in CATALOGUE.values() if one.clause == clause_id and one.origin]
        texts = [text for label, text in rows[clause_id] if label == "seen in"]
        assert all(text.startswith(tuple(origins)) for text in texts)


def test_the_diagram_is_drawn_well_and_names_every_question() -> None:
    drawn = ET.fromstring(decision_diagram())
    output = _words(" ".join(drawn.itertext()))
    for question in (*FIREWALL, *CREDENTIALS):
        assert all(line in output for line in question.lines)
        assert f"{question.outcome}: {question.clause}" in output
    right = max(
        float(one.get("x", 0)) + float(one.get("width", 0)) for one in drawn.iter("{http://www.w3.org/2000/svg}rect")
    )
    assert right <= float(drawn.get("viewBox", "").split()[2])


def test_every_picture_is_as_wide_as_a_phone_and_goes_by_the_scheme(sources: Path) -> None:
    pictures = list((sources / "source").rglob("*.svg"))
    assert {one.name for one in pictures} == {"decision.svg", "strength.svg"}
    plots = [one.read_text(encoding="utf-8") for one in pictures]
    plots.append(bench_plot({"one decision": {"one": [(3, 1e-6), (1000, 1e-3)]}}))
    for text in plots:
        drawn = ET.fromstring(text)
        assert float(drawn.get("viewBox", "").split()[2]) <= 420
        assert "prefers-color-scheme: dark" in text
        words = list(drawn.iter("{http://www.w3.org/2000/svg}text"))
        assert words
        assert not any(one.get("fill") for one in words), "a colour of its own goes by no scheme"
        assert not any(float(one.get("font-size", 12)) < 12 for one in words)


def test_examples_are_drawn_of_every_strategy_that_the_page_names(sources: Path) -> None:
    page = (sources / "source" / "strategies.md").read_text(encoding="utf-8")
    _, _, drawn = page.partition("## Drawn examples")
    named = set(re.findall(r"`(\w+)\([^`]*\)`", page.partition("A parameter")[0])) - {"history_machine"}
    assert set(re.findall(r"^`(\w+)\(.*`$", drawn, re.MULTILINE)) == named
    lines = [line.strip() for line in drawn.splitlines() if line.startswith("    ")]
    assert len(lines) > 2 * len(named)
    assert all(json.loads(line) for line in lines)


def test_the_page_of_the_architecture_links_to_pages_and_names_other_files(sources: Path) -> None:
    page = (sources / "source" / "architecture.md").read_text(encoding="utf-8")
    assert "[docs/contract.md](contract.md)" in page
    assert "`reference/` (`reference/README.md`)" in page
    assert "## Where do I put …?" in page
    assert "## How it is tested" in page


ANSWERS = tuple(product((False, True), repeat=len(FIREWALL) + len(CREDENTIALS)))


@pytest.mark.parametrize("answers", ANSWERS, ids=lambda answers: "".join("ny"[one] for one in answers))
def test_the_diagram_leads_where_the_reference_decides(answers: tuple[bool, ...]) -> None:
    """One request for each way of answering the questions; the first yes of each half decides."""
    is_control, is_open, is_trusted, is_covered, is_listed, lacks_token, lacks_permission = answers
    service = min(PROFILE.trusted_services) if is_trusted else None
    request = Request(
        plane=Plane.CONTROL if is_control else Plane.DATA,
        operation="VaultGet" if is_control else "SecretGet",
        address=address_from_text("20.0.0.1"),
        subnet=SUBNET,
        caller=Caller(
            authenticated=not lacks_token,
            authorized=not lacks_permission,
            service=service,
            trusted=True if is_trusted else None,
        ),
    )
    rules = RuleSet(
        default_action=DefaultAction.ALLOW if is_open else DefaultAction.DENY,
        bypass=Bypass.AZURE_SERVICES,
        ip_rules=(IpRule(text="20.0.0.0/24", block=block_from_cidr("20.0.0.0/24")),) if is_covered else (),
        virtual_network_rules=(VirtualNetworkRule(id=SUBNET),) if is_listed else (),
    )
    network = Network(subnets=(Subnet(id=SUBNET, service_endpoints=(SERVICE_ENDPOINT,)),))
    decided = decide(request, rules=rules, network=network, profile=PROFILE)
    passed = next((one for one, is_yes in zip(FIREWALL, answers, strict=False) if is_yes), None)
    denied = next((one for one, is_yes in zip(CREDENTIALS, answers[len(FIREWALL) :], strict=True) if is_yes), None)
    assert decided.outcome is (Outcome.DENY if passed is None or denied is not None else Outcome.ALLOW)
    if passed is not None:
        clause = passed.clause
        if denied is not None:
            clause = {"CTL-1": "CTL-4", "DEC-11": "CRED-3"}.get(passed.clause, denied.clause)
        assert decided.clause == clause


def test_the_sources_are_plain_markdown(sources: Path) -> None:
    for path in (sources / "source").rglob("*.md"):
        prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        assert not re.search(r"^(!!!|\?\?\?|:::|===)|\{\{|\{:|\{%", prose, re.MULTILINE), path


def test_no_block_has_a_name_that_would_keep_it_from_being_a_block(sources: Path) -> None:
    for path in (sources / "source").rglob("*.md"):
        assert not re.findall(r"^```\w+ .*$", path.read_text(encoding="utf-8"), re.MULTILINE), path
