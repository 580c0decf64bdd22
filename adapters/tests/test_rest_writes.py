"""`rest:`: rules put, waited for, refused and changed one at a time."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import cast

import pytest
from declared_calls import ask, put
from fencepost.adapters.contract import (
    TimedOut,
)
from rest_files import Opening, openings, services
from small_service import SmallService


@pytest.fixture
def service() -> Iterator[SmallService]:
    yield from services()


@pytest.fixture
def opening(tmp_path: Path, service: SmallService) -> Iterator[Opening]:
    yield from openings(tmp_path, service)


def test_a_refusal_is_an_answer_and_leaves_the_old_rules(opening: Opening) -> None:
    connection = opening((', "decisions-only"', ""))
    put(connection, "1.2.3.0/24")
    refused = put(connection, "1.2.3.4/24")
    assert refused["accepted"] is False
    assert refused["status"] == 400
    assert "has host bits set" in str(refused["message"])
    assert ask(connection, "1.2.3.4") == ["allow"]


MARKED = (
    ('body = "${rules}"', 'body = \'{"rules": ${rules}, "mark": "${mark}"}\''),
    ('form = "json-list"', 'form = "json-list"\nsettle = { get = "/rules", json = "$.version", within = 2 }'),
)


def test_a_write_is_answered_when_its_mark_has_come(opening: Opening, service: SmallService) -> None:
    connection = opening(*MARKED)
    service.manners["late"] = "0.3"
    assert put(connection, "1.2.3.0/24") == {"accepted": True}
    assert service.rules == ["1.2.3.0/24"]
    polls = [path for method, path, _ in service.requests if (method, path) == ("GET", "/rules")]
    assert len(polls) > 1


def test_a_mark_that_does_not_come_is_an_error(opening: Opening, service: SmallService) -> None:
    connection = opening(*MARKED)
    service.manners["late"] = "3"
    with pytest.raises(TimedOut, match="the mark '1' within 2 s"):
        put(connection, "1.2.3.0/24")


def test_after_a_write_that_ended_in_an_error_the_old_rules_are_put_again(
    opening: Opening, service: SmallService
) -> None:
    connection = opening(MARKED[0], (MARKED[1][0], MARKED[1][1].replace("within = 2", "within = 0.5")))
    put(connection, "1.2.3.0/24")
    service.manners["late"] = "1"
    with pytest.raises(TimedOut):
        put(connection, "4.4.4.4")
    service.manners.clear()
    for _ in range(1000):  # until the late one has come
        if service.rules == ["4.4.4.4"]:
            break
        time.sleep(0.01)
    assert ask(connection, "1.2.3.4", "4.4.4.4") == ["allow", "deny"]


def test_an_answer_under_older_rules_is_asked_for_again(opening: Opening, service: SmallService) -> None:
    connection = opening(
        MARKED[0], ("deny = { status = 403 }", 'deny = { status = 403 }\nmark = { header = "X-Version" }')
    )
    service.manners["late"] = "0.3"
    assert put(connection, "1.2.3.0/24") == {"accepted": True}
    assert service.rules != ["1.2.3.0/24"]
    assert ask(connection, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]


def test_a_vault_may_be_reset_by_a_request_of_its_own(opening: Opening, service: SmallService) -> None:
    reset = '[rules.reset]\nmethod = "DELETE"\npath = "/rules"\naccepted = { status = 204 }\n[default-action]'
    connection = opening(("[default-action]", reset), ('"emulated"', '"none"'))
    put(connection, "1.2.3.0/24")
    connection.call("reset", {"subnets": []})
    assert ask(connection, "1.2.3.4") == ["deny"]
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
    put(connection, "1.2.3.0/24")
    assert connection.call("addIpRule", {"value": "4.4.4.4"}) == {"accepted": True}
    assert ask(connection, "4.4.4.4", "1.2.3.4") == ["allow", "allow"]
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
        assert put(connection, "1.2.3.4") == {"accepted": True}
    finally:
        threads[0].join()
        late.shutdown()
        threads[1].join()
        late.server_close()
