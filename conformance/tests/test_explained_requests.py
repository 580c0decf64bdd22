"""Who asks, by an address and options of `explain`, and what cannot be asked."""

from pathlib import Path

import pytest
from explained_files import ACLS, INSIDE, OUTSIDE, PROVIDER, SUBNET, Explainer


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ((INSIDE,), "ALLOW"),
        ((OUTSIDE,), "DENY"),
        (("--subnet", SUBNET), "ALLOW"),
        (("10.1.0.4", "--subnet", SUBNET.upper()), "ALLOW"),
        (("--subnet", f"{PROVIDER}/b"), "DENY"),
        ((INSIDE, "--unauthenticated"), "DENY"),
        ((INSIDE, "--unauthorized"), "DENY"),
        ((OUTSIDE, "--operation", "VaultGet"), "ALLOW"),
        ((OUTSIDE, "--operation", "KeySign"), "DENY"),
        ((OUTSIDE, "--service", "Azure Backup", "--trusted"), "DENY"),
    ],
)
def test_an_address_and_options_make_a_request(explain: Explainer, arguments: tuple[str, ...], outcome: str) -> None:
    result = explain(ACLS, *arguments)
    assert result.stdout.startswith(f"{outcome}\n"), result.stderr


def test_a_trusted_service_is_let_through_under_the_bypass(explain: Explainer) -> None:
    rules = {**ACLS, "bypass": "AzureServices"}
    assert explain(rules, OUTSIDE, "--service", "Azure Backup", "--trusted").stdout.startswith("ALLOW\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "say who asks"),
        (("20.1.2",), "neither an IPv4 address"),
        ((INSIDE, "--operation", "SecretGt"), "did you mean SecretGet"),
        ((INSIDE, "--subnet", "a"), "$.source.subnet"),
        (("missing.json",), "No such file"),
    ],
)
def test_a_request_that_cannot_be_made_is_said(explain: Explainer, arguments: tuple[str, ...], reason: str) -> None:
    result = explain(ACLS, *arguments)
    assert result.exit_code == 2
    assert reason in result.stderr
