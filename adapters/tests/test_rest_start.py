"""`rest:`, section start: a service that the carrier starts itself."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from declared_calls import ask, put
from fencepost.adapters.contract import (
    Crashed,
    HarnessFault,
    ShowsMappings,
)
from rest_files import HEADER, SEEN, Opening, openings, services
from small_service import SmallService


@pytest.fixture
def service() -> Iterator[SmallService]:
    yield from services()


@pytest.fixture
def opening(tmp_path: Path, service: SmallService) -> Iterator[Opening]:
    yield from openings(tmp_path, service)


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
    put(connection, "1.2.3.0/24")
    assert ask(connection, "1.2.3.4", "2.2.2.2") == ["allow", "deny"]
    assert "a word of its own" in connection.log()
    assert not connection.exclusive
    connection.close()
    connection.close()


def test_a_service_that_dies_is_started_anew_and_gets_its_rules_again(opening: Opening) -> None:
    connection = opening(
        *_started(), ("accepted = { status = 200 }", 'headers = { X-Pid = "${pid}" }\naccepted = { status = 200 }')
    )
    put(connection, "1.2.3.0/24")
    assert isinstance(connection, ShowsMappings)
    (shown,) = [one.request for one in connection.mappings() if one.mapping == "rules.put.accepted"]
    pid = int(shown.partition("X-Pid: ")[2].partition("'")[0])
    assert b"reaper.py" not in Path(f"/proc/{pid}/cmdline").read_bytes()  # a signal is to reach the service itself
    os.kill(pid, 9)
    for _ in range(100):
        try:
            answers = ask(connection, "1.2.3.4", "2.2.2.2")
        except HarnessFault:  # while it is dying
            time.sleep(0.02)
            continue
        assert answers == ["allow", "deny"]
        return
    pytest.fail("it was not started anew")


def test_a_service_that_ends_at_once_is_an_error_with_its_last_words(opening: Opening) -> None:
    start = '[start]\nrun = ["sh", "-c", "echo no such port; exit 4"]\nready = { get = "/", status = 299 }\n[rules]\n'
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
    put(connection, "1.2.3.0/24")
    asked = ["1.2.3.4", "2.2.2.2", "1.2.3.4", "224.0.0.1", "0.1.2.3", "255.255.255.255", "127.255.255.255"]
    answers = ["allow", "deny", "allow", "inconclusive", "inconclusive", "inconclusive", "deny"]
    assert ask(connection, *asked) == answers
