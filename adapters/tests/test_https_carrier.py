"""The HTTPS carrier: the same calls, to a server whose certificate is checked."""

import contextlib
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fencepost.adapters.contract import NotStarted, Timeouts, open_subject
from fencepost.adapters.harness_http import ContractServer
from fencepost.adapters.library import connect_factory


class Vault:
    """As much of an implementation as is asked here."""

    def describe(self, *, protocol: int) -> dict[str, object]:
        return {"protocol": protocol}

    def decide(self, *, requests: list[object]) -> dict[str, object]:
        return {"decisions": ["allow"] * len(requests)}


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("openssl is not installed")
    key, own = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=fencepost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(own)], check=True, capture_output=True)
    both = tmp_path / "server.pem"
    both.write_text(key.read_text() + own.read_text())
    return both


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    """A served vault, over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with (
        contextlib.closing(connect_factory(Vault, timeouts=Timeouts())) as served,
        ContractServer(served) as server,
    ):
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield server.url.replace("http:", "https:")
        server.shutdown()
        serving.join()


def test_a_certificate_that_nobody_vouches_for_is_refused(url: str) -> None:
    with (
        contextlib.closing(open_subject(url)) as connection,
        pytest.raises(NotStarted, match="certificate verify failed"),
    ):
        connection.call("describe", {"protocol": 1})


def test_a_certificate_of_the_authorities_named_is_taken(
    url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with contextlib.closing(open_subject(url)) as connection:
        assert connection.call("describe", {"protocol": 1}) == {"protocol": 1}
        assert connection.call("decide", {"requests": [1] * 4096}) == {"decisions": ["allow"] * 4096}
