"""The adapter of nginx: rule sets become access directives, and each decision is nginx's answer to a request."""

import os
import re
import socket
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import msgspec
from fencepost.adapters.contract.faults import SubjectError
from fencepost.adapters.contract.messages import Request
from fencepost.adapters.contract.protocol import Implementation, JsonObject
from fencepost.adapters.contract.vocabulary import RESERVED_BLOCKS
from fencepost.adapters.nginx.configuration import access_rules
from fencepost.adapters.nginx.exchange import NotSent, Question, Reply
from fencepost.adapters.nginx.server import Build, Change, NginxError, Server, find_build
from fencepost.adapters.nginx.vantage import AnyIp, NoVantage, ProxyProtocol, Vantage

_OPERATION = re.compile(r"[A-Za-z]+")
_HOLDS_BROADCAST = "240.0.0.0/4"
"""nginx accepts the rest of this block, but no rule for 255.255.255.255, which it uses as "no address"."""


def open_adapter(args: str, *, profile: str | None = None) -> Implementation:
    """nginx, running and without rules; `SubjectError` without nginx, or without the vantage that `args` names.

    `args` is any of two words, with a comma between them: the vantage, `anyip` or `proxy` (without either: the first
    where it can be had, else the second), and `restart` for a new nginx instead of a reload when the rules change. The
    statement names `profile`, today's where it is None; the server decides alike under each.
    """
    subject = f"nginx:{args}" if args else "nginx"
    words = set(args.split(",")) if args else set()
    if not words <= {"anyip", "proxy", "restart"} or {"anyip", "proxy"} <= words:
        known = "Try 'nginx', 'nginx:anyip', 'nginx:proxy', 'nginx:restart' or 'nginx:proxy,restart'."
        raise SubjectError(
            subject=subject, reason=f"no such vantage or way to change rules: {args!r}", try_instead=known
        )
    build = find_build() if os.name == "posix" else None
    if build is None:
        advice = "Try: apt-get install nginx-light"
        raise SubjectError(subject=subject, reason="nginx is not installed", try_instead=advice)
    try:
        return NginxAdapter(_serve(build, words), build=build, profile=profile or "keyvault")
    except NoVantage as error:
        raise SubjectError(subject=subject, reason=error.reason, try_instead=error.try_instead) from None
    except NginxError as error:
        raise SubjectError(subject=subject, reason=str(error), try_instead="Try 'nginx:proxy'.") from None


class NginxAdapter:
    """A key vault's firewall as an nginx server, with IP rules only.

    Parameters and results are those of the contract. A rule set without a counterpart raises `ValueError`, a rule set
    that nginx refuses `NginxError`. A request whose address the server did not see is inconclusive.
    """

    exclusive = True
    """There is one server with one set of rules."""

    def __init__(self, server: Server, *, build: Build, profile: str = "keyvault") -> None:
        self._server = server
        self._version = build.version
        self._profile = profile
        self._wanted = server.rules

    def describe(self, *, protocol: int) -> JsonObject:
        """The conformance statement, with the vantage in its name."""
        return {
            "protocol": protocol,
            "name": f"nginx ({self._server.vantage}, {self._server.change})",
            "version": self._version,
            "profile": self._profile,
            "features": ["ip-rules-only", "decisions-only"],
            "choices": self._choices(),
            "homepage": "https://nginx.org",
        }

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A vault without rules; nginx gets the empty configuration when the next request needs it."""
        if subnets:
            raise ValueError("$.subnets: nginx knows no subnets; expected none")
        self._wanted = access_rules({})
        return {}

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Load the rules and wait until no process answers by the old rules."""
        rules = access_rules(network_acls)
        self._server.load(rules)
        self._wanted = rules
        return {"accepted": True}

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """The answer of nginx to each request: 200 is allow, 403 is deny, anything else an `NginxError`."""
        if self._server.rules != self._wanted:
            self._server.load(self._wanted)
        asked = [_question(request) for request in msgspec.convert(requests, list[Request])]
        replies = self._server.ask(asked)
        return {"decisions": [_decision(question, reply) for question, reply in zip(asked, replies, strict=True)]}

    def shutdown(self) -> JsonObject:
        """End the server and remove its folder."""
        self._server.close()
        return {}

    def _choices(self) -> Mapping[str, object]:
        always: dict[str, object] = {
            "default-of-default-action": "Allow",
            "duplicates": "keep",
            "host-bits": "mask",
            "prefix-0": "accept",
            "private-superset": "accept",
            "reserved-ranges": {block: "accept" for block in RESERVED_BLOCKS if block != _HOLDS_BROADCAST},
            "superset-matches-private": "yes",
        }
        return always | {"prefix-31": "accept"} if self._profile == "keyvault" else always


def _serve(build: Build, words: AbstractSet[str]) -> Server:
    change: Change = "restart" if "restart" in words else "reload"
    if "proxy" not in words:
        try:
            return Server(build, _any_ip, change)
        except NoVantage:
            if "anyip" in words:
                raise
    return Server(build, ProxyProtocol, change)


def _any_ip(_: Path) -> Vantage:
    return AnyIp()


def _question(request: Request) -> Question:
    if request.source.subnet is not None:
        raise ValueError(f"a request from the subnet {request.source.subnet!r}: nginx knows no subnets")
    if not _OPERATION.fullmatch(request.operation):
        raise ValueError(f"expected an operation's name, got {request.operation!r}")
    socket.inet_pton(socket.AF_INET, request.source.address)
    return Question(address=request.source.address, path=f"/{request.plane}/{request.operation}")


def _decision(question: Question, reply: Reply | NotSent) -> JsonObject:
    if isinstance(reply, NotSent):
        return {"outcome": "inconclusive", "reason": reply.reason}
    if reply.peer != question.address:
        return {"outcome": "inconclusive", "reason": f"nginx saw {reply.peer} instead of {question.address}"}
    if reply.status not in (200, 403):
        raise NginxError(wanted=f"answer {question} with 200 or 403", log=f"it answered {reply}")
    return {"outcome": "allow" if reply.status == 200 else "deny"}
