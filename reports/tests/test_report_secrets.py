"""Secrets that a subject string, a fault, a log or the environment holds reach no form of a report."""

from pathlib import Path

import pytest
from fencepost.reports.model import Call, Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer, renderers, write_files
from fencepost.reports.secrets import masked, without_secrets
from msgspec.structs import replace

PLANTED = "Sw0rdf1sh"

HIDING = (
    f"https://admin:{PLANTED}@vault.example/api",
    f"postgres://:{PLANTED}@db/x",
    f"http://u:p/{PLANTED}@vault.example/",
    f"http://vault.example/?sig={PLANTED}&api-version=7",
    f"http://vault.example/cb#access_token={PLANTED}",
    f"Authorization: Bearer {PLANTED}",
    f'authorization: Digest username="x", response="{PLANTED}"',
    f"{{'Authorization': 'Bearer {PLANTED}'}}",
    f'{{"headers": "{{\\"Authorization\\": \\"Basic {PLANTED}\\"}}"}}',
    f"('X-Api-Key', '{PLANTED}')",
    f"b'Proxy-Authorization: Basic {PLANTED}=\\r\\nHost: vault'",
    f"Set-Cookie: sid={PLANTED}; HttpOnly",
    f"Ocp-Apim-Subscription-Key: {PLANTED}",
    f"sent Bearer {PLANTED} and got 401",
    f"AZURE_CLIENT_SECRET={PLANTED}",
    f"export PGPASSWORD='{PLANTED}'",
    f"environ({{'VAULT_TOKEN': '{PLANTED}', 'HOME': '/srv'}})",
    f'{{"password": "{PLANTED}", "user": "x"}}',
    f"password: {PLANTED}",
    f"DefaultEndpointsProtocol=https;AccountKey={PLANTED}==;EndpointSuffix=x",
    f"stdio:./vault --token {PLANTED} --verbose",
    f"stdio:./vault --client-secret={PLANTED}",
    f"stdio:env MY_KEY={PLANTED} ./vault",
    f"eyJhbGciOiJ9.eyJzdWIi{PLANTED}.c2ln",
    f"AZURE_DEVOPS_EXT_PAT={PLANTED}",
    f"GITHUB_PAT: {PLANTED}",
    f"unlocked with passphrase {PLANTED}",
    f"the password is {PLANTED}",
    f"sent sk-{PLANTED}{'a1' * 12}",
    f"sent glpat-{PLANTED}{'a1' * 8}",
    f"sent AIza{PLANTED}{'a1' * 14}",
    f"sent npm_{PLANTED}{'a1' * 14}",
    f"https://hooks.slack.com/services/T000/B000/{PLANTED}",
    f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\nabc\n{PLANTED}",
)

HARMLESS = (
    'decide {"requests": [{"plane": "data", "operation": "SecretGet", "source": {"address": "20.0.0.1"}}]}',
    '{\\"operation\\": \\"SecretGet\\", \\"source\\": {}}',
    "unauthenticated-and-blocked: declared 401, found 403",
    "needs caller-credentials",
    "trusted-services: declared list, found attribute",
    "stdio:python3 my_vault.py --seed 5 --profile keyvault",
    "library:vendor.secret_vault:Vault",
    "https://github.com/@vendor/vault",
    "http://[2001:db8::1]:8080/path",
    "a missing key: 'id'",
    "403 ForbiddenByFirewall without a token",
    "basic support for tokens",
    "PATH=/usr/bin and pattern: x",
    "a passphrase must be given",
    "sk-learn and the task-force",
)


@pytest.mark.parametrize("text", HIDING)
def test_a_secret_is_masked_once_and_for_all(text: str) -> None:
    once = masked(text)
    assert PLANTED not in once
    assert masked(once) == once


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


def _with_secrets(report: Report, hiding: str) -> Report:
    clause = report.clauses[1]
    one = replace(clause.counterexamples[0], got=hiding, why=hiding, replay=f'fencepost check "{hiding}" --seed 7')
    subject = replace(report.subject, subject=hiding, name=hiding, homepage=hiding, choices={"a": [hiding]})
    return replace(
        report,
        subject=subject,
        clauses=(
            replace(clause, counterexamples=(one,), limit_found=hiding),
            replace(report.clauses[4], detail=f"decide: {hiding}"),
        ),
        ledger=(replace(report.ledger[0], found=hiding, detail=hiding),),
        notes=(hiding,),
        log=f"started\n{hiding}\nended",
    )


def test_no_installed_form_tells_a_planted_secret(report: Report, tmp_path: Path) -> None:
    for number, hiding in enumerate(HIDING):
        found = _with_secrets(report, hiding)
        for path in write_files(found, tmp_path / str(number)):
            assert PLANTED not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("name", sorted(renderers()))
def test_no_renderer_tells_a_planted_secret_by_itself(report: Report, name: str) -> None:
    render = load_renderer(name)
    for hiding in HIDING[::3]:
        assert PLANTED not in render(_with_secrets(report, hiding), page=Page(width=400))


def test_a_secret_of_the_environment_is_masked_wherever_it_stands(report: Report) -> None:
    changed = replace(report, log=f"hello {PLANTED}, my home is /srv/of/all")
    surroundings = {"VAULT_PASSWORD": PLANTED, "HOME": "/srv/of/all", "API_KEY": "short"}
    assert without_secrets(changed, environment=surroundings).log == "hello ***, my home is /srv/of/all"


def test_what_the_kit_itself_asked_is_left_as_it_was(report: Report) -> None:
    clause = report.clauses[1]
    foul: dict[str, object] = {"value": f"PASSWORD={PLANTED}"}
    one = replace(clause.counterexamples[0], rules=foul, request=foul, calls=(Call(method="m", params=foul),))
    changed = replace(report, clauses=(replace(clause, counterexamples=(one,)),))
    assert without_secrets(changed, environment={}) == changed


def test_a_report_without_secrets_stays_the_same(report: Report) -> None:
    assert without_secrets(report, environment={}) == report


def test_the_current_folder_is_no_secret_whatever_its_variable_is_called(report: Report) -> None:
    named = replace(report, subject=replace(report.subject, subject="stdio:python3 /srv/folder/vault.py"))
    shown = without_secrets(named, environment={"PWD": "/srv/folder", "OLDPWD": "/srv/folder"})
    assert shown.subject.subject == "stdio:python3 /srv/folder/vault.py"
