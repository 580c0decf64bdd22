"""The carrier `rest:`: the source's address where the service looks for it, every answer mapped or an error."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import cast

import pytest
from fencepost.adapters.contract import (
    Connection,
    Crashed,
    HarnessFault,
    MalformedResult,
    NotJson,
    NotStarted,
    ShowsMappings,
    TimedOut,
    Timeouts,
    open_subject,
)
from small_service import SmallService

HEADER = 'source = { header = "X-Forwarded-For", hop = "only" }'
FILE = f"""
[subject]
name = "service"
version = "1.0"
profile = "keyvault"
features = ["ip-rules-only", "data-plane-only", "decisions-only"]
[service]
base = "http://127.0.0.1:PORT"
concurrency = 4
[rules]
form = "json-list"
[rules.put]
path = "/rules"
body = "${{rules}}"
accepted = {{ status = 200 }}
refused = {{ status = 400 }}
[default-action]
is = "emulated"
[decide]
path = "/secret"
{HEADER}
allow = {{ status = 200 }}
deny = {{ status = 403 }}
"""
SEEN = 'deny = { status = 403 }\nseen = { header = "X-Seen" }'

Opening = Callable[..., Connection]


@pytest.fixture
def service() -> Iterator[SmallService]:
    """A small service that runs."""
    made = SmallService()
    yield made
    made.end()


@pytest.fixture
def opening(tmp_path: Path, service: SmallService) -> Iterator[Opening]:
    """A function that writes the file with some texts replaced, and opens it on the service."""
    opened = []

    def opened_with(*changes: tuple[str, str], port: int | None = None, call: float = 10.0) -> Connection:
        text = FILE
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path = tmp_path / "fencepost.toml"
        path.write_text(text.replace("PORT", str(port or service.port)), encoding="utf-8")
        opened.append(open_subject(f"rest:{path}", timeouts=Timeouts(start=20.0, call=call)))
        return opened[-1]

    yield opened_with
    for connection in opened:
        connection.close()


def _put(connection: Connection, *values: object, action: str = "Deny") -> dict[str, object]:
    acls = {"bypass": "None", "defaultAction": action, "ipRules": [{"value": value} for value in values]}
    acls["virtualNetworkRules"] = []
    return cast("dict[str, object]", connection.call("putRules", {"networkAcls": acls}))


def _ask(connection: Connection, *addresses: str) -> list[str]:
    return [one["outcome"] for one in _decisions(connection, addresses)]


def _decisions(connection: Connection, addresses: Sequence[str]) -> list[dict[str, str]]:
    requests = [{"plane": "data", "operation": "SecretGet", "source": {"address": one}} for one in addresses]
    answer = cast("dict[str, list[dict[str, str]]]", connection.call("decide", {"requests": requests}))
    return answer["decisions"]


def test_rules_are_put_and_decisions_are_asked(opening: Opening, service: SmallService) -> None:
    connection = opening()
    connection.call("reset", {"subnets": []})
    assert _ask(connection, "9.9.9.9") == ["allow"]
    assert _put(connection, "1.2.3.0/24") == {"accepted": True}
    assert _ask(connection, *["1.2.3.4", "1.2.4.4"] * 10) == ["allow", "deny"] * 10
    assert service.rules == ["1.2.3.0/24"]


def test_a_refusal_is_an_answer_and_leaves_the_old_rules(opening: Opening) -> None:
    connection = opening((', "decisions-only"', ""))
    _put(connection, "1.2.3.0/24")
    refused = _put(connection, "1.2.3.4/24")
    assert refused["accepted"] is False
    assert refused["status"] == 400
    assert "has host bits set" in str(refused["message"])
    assert _ask(connection, "1.2.3.4") == ["allow"]


def test_connections_are_kept_and_are_as_many_as_the_file_says(opening: Opening, service: SmallService) -> None:
    connection = opening()
    _put(connection, "1.2.3.0/24")
    service.manners["slow"] = "0.05"
    before = service.connections
    _ask(connection, *["1.2.3.4"] * 12)
    _ask(connection, *["1.2.3.4"] * 4)
    assert service.connections - before == 4
    assert 1 < service.most_at_once <= 4


@pytest.mark.parametrize("manner", ["file", "service"])
def test_without_keep_alive_every_request_has_its_own_connection(
    opening: Opening, service: SmallService, manner: str
) -> None:
    connection = opening(("concurrency = 4", "keep-alive = false")) if manner == "file" else opening()
    _put(connection, "1.2.3.0/24")
    if manner == "service":
        service.manners["closes"] = "yes"
    before = service.connections
    assert _ask(connection, *["1.2.3.4"] * 6) == ["allow"] * 6
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
    _ask(opening(('hop = "only"', hop)), "1.2.3.4")
    assert service.requests[-1][2]["X-Forwarded-For"] == sent


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_proxy_protocol_carries_the_address(opening: Opening, service: SmallService, version: str) -> None:
    service.manners["proxy"] = "yes"
    connection = opening((HEADER, f'source = {{ proxy = "{version}" }}'), ("deny = { status = 403 }", SEEN))
    _put(connection, "1.2.3.0/24")
    asked = ["1.2.3.4", "255.255.255.255", "1.2.3.4", "0.0.0.1"]
    assert _ask(connection, *asked) == ["allow", "deny", "allow", "deny"]
    assert "X-Forwarded-For" not in service.requests[-1][2]


def test_another_address_than_the_one_asked_for_is_inconclusive(opening: Opening, service: SmallService) -> None:
    connection = opening(("deny = { status = 403 }", SEEN))
    _put(connection, "1.2.3.0/24")
    service.manners["seen"] = "10.9.8.7"
    (answer,) = _decisions(connection, ["1.2.3.4"])
    assert answer == {"outcome": "inconclusive", "reason": "the service saw 10.9.8.7 instead of 1.2.3.4"}


def test_a_call_of_nothing_but_addresses_that_cannot_be_sent_is_inconclusive(opening: Opening) -> None:
    connection = opening(("[decide]", '[language]\nunsendable = ["224.0.0.0/4"]\n[decide]'))
    assert _ask(connection, "224.0.0.1", "239.9.9.9") == ["inconclusive", "inconclusive"]
    assert _ask(connection) == []


def test_an_answer_that_does_not_say_what_it_saw_is_an_error(opening: Opening) -> None:
    connection = opening(("deny = { status = 403 }", SEEN.replace("X-Seen", "X-Other")))
    with pytest.raises(MalformedResult, match=r"decide\.seen"):
        _ask(connection, "1.2.3.4")


@pytest.mark.parametrize("status", ["500", "404", "302", "204"])
def test_whatever_no_mapping_fits_is_an_error_and_no_denial(
    opening: Opening, service: SmallService, status: str
) -> None:
    connection = opening()
    _put(connection, "1.2.3.0/24")
    service.manners["status"] = status
    with pytest.raises(MalformedResult, match=r"decide\.allow or decide\.deny") as fault:
        _ask(connection, "1.2.3.4")
    assert f"HTTP {status}" in fault.value.offending
    assert "curl -sS -i -H 'X-Forwarded-For: 1.2.3.4'" in fault.value.offending


def test_an_answer_is_read_by_its_body_where_the_file_says_so(opening: Opening) -> None:
    connection = opening(
        ("allow = { status = 200 }", 'allow = { json = { "$.allowed" = true } }'),
        ("deny = { status = 403 }", "deny = { status = [401, 403], body = '\"allowed\": false' }"),
    )
    _put(connection, "1.2.3.0/24")
    assert _ask(connection, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]


def test_no_http_is_an_error(opening: Opening, service: SmallService) -> None:
    connection = opening()
    service.manners["nonsense"] = "yes"
    connection.call("describe", {"protocol": 1})
    with pytest.raises(NotJson):
        _ask(connection, "1.2.3.4")


def test_a_silent_service_is_given_up_in_time_and_asked_again(opening: Opening, service: SmallService) -> None:
    connection = opening(call=0.5)
    _put(connection, "1.2.3.0/24")
    service.manners["slow"] = "2"
    with pytest.raises(TimedOut):
        _ask(connection, "1.2.3.4")
    service.manners.clear()
    assert _ask(connection, "1.2.3.4") == ["allow"]


def test_nobody_there_is_an_error_that_says_so(opening: Opening, service: SmallService) -> None:
    port = service.port
    service.end()
    with pytest.raises(NotStarted, match=f"a connection to http://127.0.0.1:{port}"):
        opening(port=port).call("putRules", {"networkAcls": {"defaultAction": "Deny"}})


def test_a_redirect_is_an_answer_like_any_other_unless_the_file_follows_it(
    opening: Opening, service: SmallService
) -> None:
    connection = opening()
    _put(connection, "1.2.3.0/24")
    service.manners["location"] = "/elsewhere"
    with pytest.raises(MalformedResult, match="no mapping fits"):
        _ask(connection, "1.2.3.4")
    follows = opening(("concurrency = 4", 'redirects = "same-host"'))
    _put(follows, "1.2.3.0/24")
    assert _ask(follows, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]
    assert service.requests[-1][1] == "/elsewhere"


def test_a_redirect_off_the_host_is_never_followed(opening: Opening, service: SmallService) -> None:
    other = SmallService()
    try:
        connection = opening(("concurrency = 4", 'redirects = "same-host"'))
        _put(connection, "1.2.3.0/24")
        service.manners["location"] = f"http://127.0.0.1:{other.port}/elsewhere"
        with pytest.raises(MalformedResult, match="redirects that stay on"):
            _ask(connection, "1.2.3.4")
        assert other.requests == []
    finally:
        other.end()


MARKED = (
    ('body = "${rules}"', 'body = \'{"rules": ${rules}, "mark": "${mark}"}\''),
    ('form = "json-list"', 'form = "json-list"\nsettle = { get = "/rules", json = "$.version", within = 2 }'),
)


def test_a_write_is_answered_when_its_mark_has_come(opening: Opening, service: SmallService) -> None:
    connection = opening(*MARKED)
    service.manners["late"] = "0.3"
    assert _put(connection, "1.2.3.0/24") == {"accepted": True}
    assert service.rules == ["1.2.3.0/24"]
    polls = [path for method, path, _ in service.requests if (method, path) == ("GET", "/rules")]
    assert len(polls) > 1


def test_a_mark_that_does_not_come_is_an_error(opening: Opening, service: SmallService) -> None:
    connection = opening(*MARKED)
    service.manners["late"] = "3"
    with pytest.raises(TimedOut, match="the mark '1' within 2 s"):
        _put(connection, "1.2.3.0/24")


def test_after_a_write_that_ended_in_an_error_the_old_rules_are_put_again(
    opening: Opening, service: SmallService
) -> None:
    connection = opening(MARKED[0], (MARKED[1][0], MARKED[1][1].replace("within = 2", "within = 0.5")))
    _put(connection, "1.2.3.0/24")
    service.manners["late"] = "1"
    with pytest.raises(TimedOut):
        _put(connection, "4.4.4.4")
    service.manners.clear()
    for _ in range(1000):  # until the late one has come
        if service.rules == ["4.4.4.4"]:
            break
        time.sleep(0.01)
    assert _ask(connection, "1.2.3.4", "4.4.4.4") == ["allow", "deny"]


def test_an_answer_under_older_rules_is_asked_for_again(opening: Opening, service: SmallService) -> None:
    connection = opening(
        MARKED[0], ("deny = { status = 403 }", 'deny = { status = 403 }\nmark = { header = "X-Version" }')
    )
    service.manners["late"] = "0.3"
    assert _put(connection, "1.2.3.0/24") == {"accepted": True}
    assert service.rules != ["1.2.3.0/24"]
    assert _ask(connection, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]


def test_a_secret_of_the_environment_is_sent_and_never_shown(
    opening: Opening, service: SmallService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENCEPOST_TEST_WORD", "abracadabra")
    header = 'headers = { Authorization = "Bearer ${env.FENCEPOST_TEST_WORD}" }\naccepted'
    connection = opening(("accepted", header))
    refused = _put(connection, "1.2.3.4/24")
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


def test_a_vault_may_be_reset_by_a_request_of_its_own(opening: Opening, service: SmallService) -> None:
    reset = '[rules.reset]\nmethod = "DELETE"\npath = "/rules"\naccepted = { status = 204 }\n[default-action]'
    connection = opening(("[default-action]", reset), ('"emulated"', '"none"'))
    _put(connection, "1.2.3.0/24")
    connection.call("reset", {"subnets": []})
    assert _ask(connection, "1.2.3.4") == ["deny"]
    assert [method for method, *_ in service.requests[-2:]] == ["DELETE", "GET"]


SINGLE = """
[single]
add = { method = "POST", path = "/rules", body = "${value}", accepted = { status = 201 } }
remove = { method = "DELETE", path = "/rules/${value}", accepted = { status = 204 } }
[read-back]
get = "/rules"
at = "$.cidrs"
[default-action]
"""


def test_single_changes_and_the_read_back_are_requests_of_the_file(opening: Opening, service: SmallService) -> None:
    features = ('"decisions-only"]', '"decisions-only", "read-back", "incremental-rules"]')
    connection = opening(features, ("[default-action]", SINGLE), ('"emulated"', '"none"'))
    _put(connection, "1.2.3.0/24")
    assert connection.call("addIpRule", {"value": "4.4.4.4"}) == {"accepted": True}
    assert _ask(connection, "4.4.4.4", "1.2.3.4") == ["allow", "allow"]
    assert connection.call("removeIpRule", {"value": "4.4.4.4"}) == {"accepted": True}
    assert service.rules == ["1.2.3.0/24"]
    read = connection.call("getRules", {})
    assert read == {
        "networkAcls": {
            "bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "1.2.3.0/24"}], "virtualNetworkRules": [],
        }
    }  # fmt: skip
    assert cast("dict[str, str]", connection.call("updateRules", {"bypass": "None"}))["outcome"] == "inconclusive"


def test_a_value_that_no_request_can_hold_is_inconclusive_in_a_single_change(opening: Opening) -> None:
    features = ('"decisions-only"]', '"decisions-only", "read-back", "incremental-rules"]')
    connection = opening(features, ("[default-action]", SINGLE), ('"emulated"', '"none"'))
    answer = cast("dict[str, str]", connection.call("addIpRule", {"value": "4.4.4.4\r\nX: y"}))
    assert answer["outcome"] == "inconclusive"


@pytest.mark.parametrize(("manner", "says"), [("", "goes by the last address"), ("first", "goes by the first address")])
def test_what_a_spoofed_list_of_addresses_does_is_observed(
    opening: Opening, service: SmallService, manner: str, says: str
) -> None:
    if manner:
        service.manners[manner] = "yes"
    statement = cast("dict[str, dict[str, str]]", opening().call("describe", {"protocol": 1}))
    told = statement["observations"]
    assert set(told) >= {"X-Forwarded-For: 9.9.9.9, 20.1.2.3", "X-Forwarded-For: 20.1.2.3, 9.9.9.9"}
    for form in ("X-Forwarded-For: 9.9.9.9, 20.1.2.3", "X-Forwarded-For: 20.1.2.3, 9.9.9.9"):
        assert told[form].startswith(says)
    assert told["X-Forwarded-For twice: 9.9.9.9, 20.1.2.3"] == "goes by the first address, 9.9.9.9"


def test_a_vault_is_new_after_the_spoofed_lists(opening: Opening) -> None:
    connection = opening()
    connection.call("describe", {"protocol": 1})
    assert _ask(connection, "5.5.5.5") == ["allow"]


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
        _put(connection, "1.2.3.0/24")
        assert _ask(connection, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]
        for other in (tls.replace('ca = "ca.pem"\n', ""), '[service.tls]\nca = "ca.pem"\n[rules]\n'):
            with pytest.raises((NotStarted, Crashed)):
                _put(opening(https, ("[rules]\n", other), port=secure.port), "1.2.3.0/24")
    finally:
        secure.end()


SERVICE = """
import sys; sys.path.insert(0, HARNESSES)
from small_service import SmallService
import http.server
service = SmallService.__new__(SmallService)
import socketserver
bind = socketserver.TCPServer.server_bind
def at(self):
    self.server_address = (sys.argv[1], int(sys.argv[2])); bind(self)
SmallService.server_bind = at
print("a word of its own", flush=True)
SmallService()
import threading; threading.Event().wait()  # Python 3.12 starts no thread once the main thread has ended
"""


def _started(host: str = "127.0.0.1", port: str = "${port.web}") -> tuple[tuple[str, str], ...]:
    program = SERVICE.replace("HARNESSES", repr(str(Path(__file__).parent / "shared")))
    start = f"""[start]
ports = ["web"]
run = ["{sys.executable}", "service.py", "{host}", "{port}"]
ready = {{ get = "/rules", status = 200 }}
[start.files]
"service.py" = '''{program}'''
[rules]
"""
    return (("http://127.0.0.1:PORT", f"http://{host}:{port}"), ("[rules]\n", start))


def test_a_service_is_started_waited_for_and_ended(opening: Opening) -> None:
    connection = opening(*_started())
    _put(connection, "1.2.3.0/24")
    assert _ask(connection, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]
    assert "a word of its own" in connection.log()
    assert not connection.exclusive
    connection.close()
    connection.close()


def test_a_service_that_dies_is_started_anew_and_gets_its_rules_again(opening: Opening) -> None:
    connection = opening(
        *_started(), ("accepted = { status = 200 }", 'headers = { X-Pid = "${pid}" }\naccepted = { status = 200 }')
    )
    _put(connection, "1.2.3.0/24")
    assert isinstance(connection, ShowsMappings)
    (put,) = [one.request for one in connection.mappings() if one.mapping == "rules.put.accepted"]
    os.kill(int(put.partition("X-Pid: ")[2].partition("'")[0]), 9)
    for _ in range(100):
        try:
            answers = _ask(connection, "1.2.3.4", "2.2.2.2")
        except HarnessFault:  # while it is dying
            time.sleep(0.02)
            continue
        assert answers == ["allow", "deny"]
        return
    pytest.fail("it was not started anew")


def test_a_service_that_ends_at_once_is_an_error_with_its_last_words(opening: Opening) -> None:
    start = '[start]\nrun = ["sh", "-c", "echo no such port; exit 4"]\nready = { get = "/" }\n[rules]\n'
    connection = opening(("[rules]\n", start))
    with pytest.raises(Crashed, match=r"exit status 4.*no such port"):
        connection.call("describe", {"protocol": 1})


@pytest.mark.engine("any-ip")
def test_a_bound_address_is_the_one_that_the_service_sees(opening: Opening) -> None:
    unsendable = '[language]\nunsendable = ["0.0.0.0/8"]\n[decide]'
    connection = opening(
        *_started("20.0.0.1", "8080"),
        (HEADER, "source = { bound = true }"),
        ("deny = { status = 403 }", SEEN),
        ("[decide]", unsendable),
    )
    _put(connection, "1.2.3.0/24")
    asked = ["1.2.3.4", "2.2.2.2", "1.2.3.4", "224.0.0.1", "0.1.2.3", "255.255.255.255", "127.255.255.255"]
    answers = ["allow", "deny", "allow", "inconclusive", "inconclusive", "inconclusive", "deny"]
    assert _ask(connection, *asked) == answers


def test_the_request_of_a_mapping_can_be_pasted(opening: Opening) -> None:
    curl = shutil.which("curl")
    if curl is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("curl is not installed")
    connection = opening()
    _put(connection, "1.2.3.0/24")
    _ask(connection, "1.2.3.4", "2.2.2.2")
    assert isinstance(connection, ShowsMappings)
    shown = {one.mapping: one.request for one in connection.mappings()}
    assert set(shown) == {"rules.put.accepted", "decide.allow", "decide.deny"}
    pasted = subprocess.run(["sh", "-c", shown["decide.deny"]], capture_output=True, text=True, check=True).stdout
    assert pasted.startswith("HTTP/1.1 403")
    assert json.loads(pasted.splitlines()[-1]) == {"allowed": False}


class _Up(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"up")

    def log_message(self, *_: object) -> None:
        pass


def test_settling_waits_through_a_service_that_takes_no_connection_for_a_moment(opening: Opening) -> None:
    late = HTTPServer(("127.0.0.1", 0), _Up, bind_and_activate=False)
    late.server_bind()  # it has its port, and takes no connection yet
    port = late.server_address[1]
    settle = f'settle = {{ get = "http://127.0.0.1:{port}/", body = ".+", equals = "up", within = 9 }}'
    connection = opening(('form = "json-list"', f'form = "json-list"\n{settle}'))
    threads = [threading.Timer(0.3, late.server_activate), threading.Timer(0.4, late.serve_forever, (0.01,))]
    for thread in threads:
        thread.start()
    try:
        assert _put(connection, "1.2.3.4") == {"accepted": True}
    finally:
        threads[0].join()
        late.shutdown()
        threads[1].join()
        late.server_close()
