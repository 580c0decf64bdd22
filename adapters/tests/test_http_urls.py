"""The URL of an HTTP harness: what is sent to the server, and what nobody is shown."""

import contextlib
import socket

import pytest
from fencepost.adapters.contract import NotStarted, SubjectError, Timeouts, open_subject
from fencepost.adapters.urls import target_of


@pytest.mark.parametrize(
    ("url", "shown", "asked", "host"),
    [
        ("http://vault.example", "http://vault.example/", "/", "vault.example"),
        ("http://vault.example:80/a", "http://vault.example/a", "/a", "vault.example"),
        ("https://vault.example:443/a/", "https://vault.example/a/", "/a/", "vault.example"),
        ("https://vault.example:80/a%2Fb?x=y#part", "https://vault.example:80/a%2Fb", "/a%2Fb?x=y", "vault.example:80"),
        ("http://[::1]:8080/", "http://[::1]:8080/", "/", "[::1]:8080"),
        ("http://tresor.exämple/é", "http://tresor.xn--exmple-cua/%C3%A9", "/%C3%A9", "tresor.xn--exmple-cua"),
        ("http://u:p@vault.example/", "http://vault.example/", "/", "vault.example"),
    ],
)
def test_a_url_is_shown_asked_and_reached(url: str, shown: str, asked: str, host: str) -> None:
    target = target_of(url)
    assert target.shown == shown
    assert target.head.startswith(f"POST {asked} HTTP/1.1\r\nHost: {host}\r\n".encode())


def test_a_user_that_stands_alone_is_a_secret_too() -> None:
    assert target_of("https://t0ken@vault.example/").redact("no such t0ken") == "no such …"


def test_short_values_of_the_query_are_no_secrets_by_themselves() -> None:
    assert target_of("https://vault.example/?v=1").redact("error 1 at ?v=1") == "error 1 at ?…"


def test_no_secret_is_in_the_fault_of_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://alice:hunter2@127.0.0.1:{port}/?key=t0ken9"
    with contextlib.closing(open_subject(url, timeouts=Timeouts())) as connection, pytest.raises(NotStarted) as caught:
        connection.call("describe", {"protocol": 1})
    expected = f"describe: expected a connection to http://127.0.0.1:{port}/, got Connection refused"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http:", "no host is named"),
        ("http://", "no host is named"),
        ("http:///path", "no host is named"),
        ("http://u:secret@host:port/?secret", "not a URL"),
        ("http://u:secret@host:99999/?secret", "not a URL"),
        ("http://u:secret@[::1/?secret", "not a URL"),
        ("http://u:secret@a..b/", "not a URL"),
        ("http://u:secret@host/a b?secret", "blanks"),
    ],
)
def test_an_address_that_is_no_url_is_a_subject_error_without_its_secrets(url: str, words: str) -> None:
    with pytest.raises(SubjectError, match=words) as caught:
        open_subject(url)
    assert "secret" not in str(caught.value)
