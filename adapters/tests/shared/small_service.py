"""A small HTTP service of the sort that people have: rules by PUT, a secret by GET, and bad manners on demand."""

import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Network, ip_address
from typing import cast


class SmallService(socketserver.ThreadingTCPServer):
    """The service and what it has seen. `manners` are the bad ones that are switched on."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.rules: list[str] = []
        self.version = ""
        self.manners: dict[str, str] = {}
        self.connections = 0
        self.most_at_once = 0
        self.at_once = 0
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def end(self) -> None:
        """Stop."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Quiet: tests end connections as they please."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxied: str | None = None

    @property
    def service(self) -> SmallService:
        """The service."""
        return cast("SmallService", self.server)

    def setup(self) -> None:
        """Read a PROXY header where the manners say so."""
        super().setup()
        self.service.connections += 1
        if "proxy" in self.service.manners:
            first = self.rfile.read(1)
            if first == b"P":
                self.proxied = self.rfile.readline().split()[2].decode()
            else:
                head = self.rfile.read(15)
                self.proxied = ".".join(map(str, self.rfile.read(head[14])[:4]))

    def do_PUT(self) -> None:
        """Take a list of ranges; 400 where one is none."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._note()
        try:
            document = json.loads(body)
            rules = document["rules"] if isinstance(document, dict) else document
            for value in rules:
                IPv4Network(value)
        except ValueError as error:
            return self._answer(400, {"error": f"{error}; token {self.headers.get('Authorization')}"})
        delay = float(self.service.manners.get("late", "0"))
        taken: Callable[[], None] = lambda: self._take(rules, document)  # noqa: E731 - said twice below
        threading.Timer(delay, taken).start() if delay else taken()
        return self._answer(200, {"rules": len(rules)})

    def _take(self, rules: list[str], given: object) -> None:
        self.service.rules = rules
        self.service.version = str(given["mark"]) if isinstance(given, dict) else ""

    def do_POST(self) -> None:
        """Add a rule."""
        value = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._note()
        self.service.rules.append(value)
        self._answer(201)

    def do_DELETE(self) -> None:
        """Remove a rule, or all of them."""
        self._note()
        value = self.path.removeprefix("/rules").removeprefix("/")
        self.service.rules = [one for one in self.service.rules if value and one != value]
        self._answer(204)

    def do_GET(self) -> None:
        """The rules, or the secret."""
        self._note()
        manners = self.service.manners
        if self.path == "/rules":
            return self._answer(200, {"cidrs": self.service.rules, "version": self.service.version})
        with self.service.lock:
            self.service.at_once += 1
            self.service.most_at_once = max(self.service.most_at_once, self.service.at_once)
        time.sleep(float(manners.get("slow", "0")))
        with self.service.lock:
            self.service.at_once -= 1
        if "location" in manners and self.path != "/elsewhere":
            return self._answer(302, headers={"Location": manners["location"]})
        if "status" in manners:
            return self._answer(int(manners["status"]))
        if "nonsense" in manners:
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            self.close_connection = True
            return None
        seen = self.proxied or (self.headers.get("X-Forwarded-For") or self.client_address[0])
        if "first" in manners:
            seen = seen.split(",")[0]
        seen = seen.rpartition(",")[2].strip()
        listed = any(ip_address(seen) in IPv4Network(one) for one in self.service.rules)
        found = {"X-Seen": manners.get("seen", seen), "X-Version": self.service.version}
        return self._answer(200 if listed else 403, {"allowed": listed}, found)

    def _note(self) -> None:
        self.service.requests.append((self.command, self.path, dict(self.headers.items())))

    def _answer(self, status: int, body: object = None, headers: dict[str, str] | None = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        if "closes" in self.service.manners:
            self.send_header("Connection", "close")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""
