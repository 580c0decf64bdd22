"""The carrier `rest:`: the source's address where the service looks for it, every answer mapped or an error."""

import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from declared_calls import ask, decisions, put
from fencepost.adapters.contract import (
    Crashed,
    MalformedResult,
    NotJson,
    NotStarted,
    ShowsMappings,
    TimedOut,
)
from rest_files import HEADER, SEEN, Opening, openings, services
from small_service import SmallService


@pytest.fixture
def service() -> Iterator[SmallService]:
    yield from services()


@pytest.fixture
def opening(tmp_path: Path, service: SmallService) -> Iterator[Opening]:
    yield from openings(tmp_path, service)


def test_rules_are_put_and_decisions_are_asked(opening: Opening, service: SmallService) -> None:
    connection = opening()
    connection.call("reset", {"subnets": []})
    assert ask(connection, "9.9.9.9") == ["allow"]
    assert put(connection, "1.2.3.0/24") == {"accepted": True}
    assert ask(connection, *["1.2.3.4", "1.2.4.4"] * 10) == ["allow", "deny"] * 10
    assert service.rules == ["1.2.3.0/24"]


def test_connections_are_kept_and_are_as_many_as_the_file_says(opening: Opening, service: SmallService) -> None:
    connection = opening()
    put(connection, "1.2.3.0/24")
    service.manners["slow"] = "0.05"
    before = service.connections
    ask(connection, *["1.2.3.4"] * 12)
    ask(connection, *["1.2.3.4"] * 4)
    assert service.connections - before == 4
    assert 1 < service.most_at_once <= 4


@pytest.mark.parametrize("manner", ["file", "service"])
def test_without_keep_alive_every_request_has_its_own_connection(
    opening: Opening, service: SmallService, manner: str
) -> None:
    connection = opening(("concurrency = 4", "keep-alive = false")) if manner == "file" else opening()
    put(connection, "1.2.3.0/24")
    if manner == "service":
        service.manners["closes"] = "yes"
    before = service.connections
    assert ask(connection, *["1.2.3.4"] * 6) == ["allow"] * 6
    assert service.connections - before == 6


@pytest.mark.parametrize(
    ("hop", "sent"),
    [
        ('hop = "only"', "1.2.3.4"),
        ('hop = "first", beside = ["10.0.0.1", "10.0.0.2"]', "1.2.3.4, 10.0.0.1, 10.0.0.2"),
        ('hop = "last", beside = ["10.0.0.1"]', "10.0.0.1, 1.2.3.4"),
    ],
)
def test_the_trusted_hop_says_where_in_the_header_the_caller_stands(
    opening: Opening, service: SmallService, hop: str, sent: str
) -> None:
    ask(opening(('hop = "only"', hop)), "1.2.3.4")
    assert service.requests[-1][2]["X-Forwarded-For"] == sent


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_proxy_protocol_carries_the_address(opening: Opening, service: SmallService, version: str) -> None:
    service.manners["proxy"] = "yes"
    connection = opening((HEADER, f'source = {{ proxy = "{version}" }}'), ("deny = { status = 403 }", SEEN))
    put(connection, "1.2.3.0/24")
    asked = ["1.2.3.4", "255.255.255.255", "1.2.3.4", "0.0.0.1"]
    assert ask(connection, *asked) == ["allow", "deny", "allow", "deny"]
    assert "X-Forwarded-For" not in service.requests[-1][2]


def test_another_address_than_the_one_asked_for_is_inconclusive(opening: Opening, service: SmallService) -> None:
    connection = opening(("deny = { status = 403 }", SEEN))
    put(connection, "1.2.3.0/24")
    service.manners["seen"] = "10.9.8.7"
    (answer,) = decisions(connection, ["1.2.3.4"])
    assert answer == {"outcome": "inconclusive", "reason": "the service saw 10.9.8.7 instead of 1.2.3.4"}


def test_a_call_of_nothing_but_addresses_that_cannot_be_sent_is_inconclusive(opening: Opening) -> None:
    connection = opening(("[decide]", '[language]\nunsendable = ["224.0.0.0/4"]\n[decide]'))
    assert ask(connection, "224.0.0.1", "239.9.9.9") == ["inconclusive", "inconclusive"]
    assert ask(connection) == []


def test_an_answer_that_does_not_say_what_it_saw_is_an_error(opening: Opening) -> None:
    connection = opening(("deny = { status = 403 }", SEEN.replace("X-Seen", "X-Other")))
    with pytest.raises(MalformedResult, match=r"decide\.seen"):
        ask(connection, "1.2.3.4")


@pytest.mark.parametrize("status", ["500", "404", "302", "204"])
def test_whatever_no_mapping_fits_is_an_error_and_no_denial(
    opening: Opening, service: SmallService, status: str
) -> None:
    connection = opening()
    put(connection, "1.2.3.0/24")
    service.manners["status"] = status
    with pytest.raises(MalformedResult, match=r"decide\.allow or decide\.deny") as fault:
        ask(connection, "1.2.3.4")
    assert f"HTTP {status}" in fault.value.offending
    assert "curl -sS -i -H 'X-Forwarded-For: 1.2.3.4'" in fault.value.offending


def test_an_answer_is_read_by_its_body_where_the_file_says_so(opening: Opening) -> None:
    connection = opening(
        ("allow = { status = 200 }", 'allow = { json = { "$.allowed" = true } }'),
        ("deny = { status = 403 }", "deny = { status = [401, 403], body = '\"allowed\": false' }"),
    )
    put(connection, "1.2.3.0/24")
    assert ask(connection, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]


def test_no_http_is_an_error(opening: Opening, service: SmallService) -> None:
    connection = opening()
    service.manners["nonsense"] = "yes"
    connection.call("describe", {"protocol": 1})
    with pytest.raises(NotJson):
        ask(connection, "1.2.3.4")


def test_a_silent_service_is_given_up_in_time_and_asked_again(opening: Opening, service: SmallService) -> None:
    connection = opening(call=0.5)
    put(connection, "1.2.3.0/24")
    service.manners["slow"] = "2"
    with pytest.raises(TimedOut):
        ask(connection, "1.2.3.4")
    service.manners.clear()
    assert ask(connection, "1.2.3.4") == ["allow"]


def test_nobody_there_is_an_error_that_says_so(opening: Opening, service: SmallService) -> None:
    port = service.port
    service.end()
    with pytest.raises(NotStarted, match=f"a connection to http://127.0.0.1:{port}"):
        opening(port=port).call("putRules", {"networkAcls": {"defaultAction": "Deny"}})


def test_a_redirect_is_an_answer_like_any_other_unless_the_file_follows_it(
    opening: Opening, service: SmallService
) -> None:
    connection = opening()
    put(connection, "1.2.3.0/24")
    service.manners["location"] = "/elsewhere"
    with pytest.raises(MalformedResult, match="no mapping fits"):
        ask(connection, "1.2.3.4")
    follows = opening(("concurrency = 4", 'redirects = "same-host"'))
    put(follows, "1.2.3.0/24")
    assert ask(follows, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]
    assert service.requests[-1][1] == "/elsewhere"


def test_a_redirect_off_the_host_is_never_followed(opening: Opening, service: SmallService) -> None:
    other = SmallService()
    try:
        connection = opening(("concurrency = 4", 'redirects = "same-host"'))
        put(connection, "1.2.3.0/24")
        service.manners["location"] = f"http://127.0.0.1:{other.port}/elsewhere"
        with pytest.raises(MalformedResult, match="redirects that stay on"):
            ask(connection, "1.2.3.4")
        assert other.requests == []
    finally:
        other.end()


def test_a_secret_of_the_environment_is_sent_and_never_shown(
    opening: Opening, service: SmallService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENCEPOST_TEST_WORD", "abracadabra")
    header = 'headers = { Authorization = "Bearer ${env.FENCEPOST_TEST_WORD}" }\naccepted'
    connection = opening(("accepted", header))
    refused = put(connection, "1.2.3.4/24")
    assert (service.requests[-1][0], service.requests[-1][2]["Authorization"]) == ("PUT", "Bearer abracadabra")
    assert "token Bearer ***" in str(refused["message"])
    assert isinstance(connection, ShowsMappings)
    assert "abracadabra" not in str(connection.mappings())
    assert "Bearer ***" in str(connection.mappings())
    with pytest.raises(MalformedResult) as fault:
        opening(("accepted", header), ("status = 400", "status = 409")).call(
            "putRules", {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4/24"}]}}
        )
    assert "***" in fault.value.offending
    assert "abracadabra" not in str(fault.value)


@pytest.mark.parametrize(("manner", "says"), [("", "goes by the last address"), ("first", "goes by the first address")])
def test_what_a_spoofed_list_of_addresses_does_is_observed(
    opening: Opening, service: SmallService, manner: str, says: str
) -> None:
    if manner:
        service.manners[manner] = "yes"
    statement = cast("dict[str, dict[str, str]]", opening().call("describe", {"protocol": 1}))
    found = statement["observations"]
    assert set(found) >= {"X-Forwarded-For: 9.9.9.9, 20.1.2.3", "X-Forwarded-For: 20.1.2.3, 9.9.9.9"}
    for form in ("X-Forwarded-For: 9.9.9.9, 20.1.2.3", "X-Forwarded-For: 20.1.2.3, 9.9.9.9"):
        assert found[form].startswith(says)
    assert found["X-Forwarded-For twice: 9.9.9.9, 20.1.2.3"] == "goes by the first address, 9.9.9.9"


def test_a_vault_is_new_after_the_spoofed_lists(opening: Opening) -> None:
    connection = opening()
    connection.call("describe", {"protocol": 1})
    assert ask(connection, "5.5.5.5") == ["allow"]


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A folder with a certificate for 127.0.0.1 that is its own authority, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("openssl is not installed")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=fencepost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    made = [*command, "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "ca.pem")]
    subprocess.run(made, check=True, capture_output=True)
    return tmp_path


def test_tls_is_checked_and_the_client_shows_its_certificate(opening: Opening, authority: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "ca.pem", authority / "key.pem")
    context.load_verify_locations(authority / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    secure = SmallService(context)
    tls = '[service.tls]\nca = "ca.pem"\ncertificate = "ca.pem"\nkey = "key.pem"\n[rules]\n'
    https = ("http://127", "https://127")
    try:
        connection = opening(https, ("[rules]\n", tls), port=secure.port)
        put(connection, "1.2.3.0/24")
        assert ask(connection, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]
        for other in (tls.replace('ca = "ca.pem"\n', ""), '[service.tls]\nca = "ca.pem"\n[rules]\n'):
            with pytest.raises((NotStarted, Crashed)):
                put(opening(https, ("[rules]\n", other), port=secure.port), "1.2.3.0/24")
    finally:
        secure.end()


def test_the_request_of_a_mapping_can_be_pasted(opening: Opening) -> None:
    curl = shutil.which("curl")
    if curl is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("curl is not installed")
    connection = opening()
    put(connection, "1.2.3.0/24")
    ask(connection, "1.2.3.4", "2.2.2.2")
    assert isinstance(connection, ShowsMappings)
    shown = {one.mapping: one.request for one in connection.mappings()}
    assert set(shown) == {"rules.put.accepted", "decide.allow", "decide.deny"}
    pasted = subprocess.run(["sh", "-c", shown["decide.deny"]], capture_output=True, text=True, check=True).stdout
    assert pasted.startswith("HTTP/1.1 403")
    assert json.loads(pasted.splitlines()[-1]) == {"allowed": False}
