"""The ASGI application: one request read, handed to the plane whose port it came by, answered, and logged."""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard
from urllib.parse import unquote

from fencepost.adapters.azure.facts import FACTS
from fencepost.adapters.azure_server.asked import Asked, Receive, discard_body, path_segments, query_of, read_body
from fencepost.adapters.azure_server.calling import Caller, Convoy
from fencepost.adapters.azure_server.data_plane import operation_of
from fencepost.adapters.azure_server.errors import (
    SERVICE_VERSION,
    UNWRITTEN,
    Answer,
    Refusal,
    bad_request,
    not_found,
    refusal,
)
from fencepost.adapters.azure_server.identity_plane import IdentityPlane
from fencepost.adapters.azure_server.resource_plane import ResourcePlane
from fencepost.adapters.azure_server.state import StateError
from fencepost.adapters.azure_server.vaults import Slot
from fencepost.adapters.azure_server.world import World
from fencepost.adapters.contract.vocabulary import DATA_OPERATIONS
from fencepost.adapters.jsonrpc import to_json

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_LOGGED_BODY = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """The share of answers that fail, and the delay of all: `shares` of a status, `delay` in seconds."""

    shares: Mapping[int, float] = field(default_factory=dict)
    delay: float = 0.0

    def failure(self, chance: random.Random) -> Answer | None:
        """The failure that this request meets, if any."""
        for status, share in self.shares.items():
            if chance.random() < share:
                headers = {"retry-after": "1"} if status in (429, 503) else {}
                word = "TooManyRequests" if status == 429 else "ServerError"
                return refusal(status, word, "serve --fail: this failure was asked for.", headers=headers).answer
        return None


class Application:
    """The ASGI application. `ports` leads from a port to the plane that answers there."""

    def __init__(
        self,
        world: World,
        *,
        convoy: Convoy,
        disturbance: Disturbance,
        chance: random.Random,
        log: Callable[[str], None],
    ) -> None:
        self._world = world
        self._convoy = convoy
        self._disturbance = disturbance
        self._chance = chance
        self._log = log
        self._resources = ResourcePlane(world)
        self._identity = IdentityPlane(world)
        self.ports: dict[int, str] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One request of HTTP; uvicorn sends no other kind."""
        path = unquote(scope["raw_path"].decode("latin-1"), errors="replace")
        seen = {"who": scope["state"]["origin"].address, "rule": "", "what": "", "rules": ""}
        try:
            answer = await self._answer(scope, path, receive, seen)
        except Refusal as refused:
            answer = refused.answer
        except StateError as error:
            answer = refusal(503, UNWRITTEN, f"The change is lost at the next start: {error}").answer
        rules = f" {'did not write' if answer.status >= 400 else 'wrote'} {seen['rules']}" if seen["rules"] else ""
        self._log(
            f"{scope['method']} {path[:200]!r} from {seen['who']}: {seen['what']} {answer.status}"
            f"{' ' + answer.code if answer.code else ''}{' by ' + seen['rule'] if seen['rule'] else ''}{rules}"
        )
        await self._send(scope, answer, receive, send)

    async def _answer(
        self, scope: MutableMapping[str, Any], path: str, receive: Receive, seen: dict[str, str]
    ) -> Answer:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["http_version"] != "1.1":
            raise bad_request(f"HTTP/{scope['http_version']} is not spoken here.")
        if not headers.get("host"):
            raise bad_request("The request names no host.")
        if "content-length" in headers and "transfer-encoding" in headers:
            raise bad_request("The request says in two ways where its content ends.")
        segments = path_segments(path)
        body = await read_body(receive, headers)
        caller = self._convoy.caller(scope["state"]["origin"], headers)
        seen["who"] = _who(caller)
        if self._disturbance.delay:
            await asyncio.sleep(self._disturbance.delay)
        failure = self._disturbance.failure(self._chance) if self._disturbance.shares else None
        if failure is not None:
            return failure
        asked = Asked(
            method=scope["method"],
            path=path,
            segments=segments,
            query=query_of(scope["query_string"]),
            headers=headers,
            body=body,
            caller=caller,
            port=scope["server"][1],
        )
        match self.ports.get(asked.port):
            case "control":
                seen["rules"] = _rules_sent(asked)
                return await self._resources.answer(asked)
            case "login":
                return self._identity.login(asked)
            case "identity":
                return self._identity.managed(asked)
            case str() as name:
                return await self._data(self._world.slots[name], asked, seen)
        raise not_found(path)

    async def _data(self, slot: Slot, asked: Asked, seen: dict[str, str]) -> Answer:
        """One request of a vault's data plane."""
        family = f"conn_type=Ipv4;addr={asked.caller.address};act_addr_fam=InterNetwork;"
        headers = {
            "x-ms-keyvault-network-info": family,
            "x-ms-keyvault-service-version": SERVICE_VERSION,
            "x-ms-keyvault-region": self._world.location,
            "x-ms-request-id": str(uuid.UUID(int=self._chance.getrandbits(128))),
        }
        try:
            return (await self._operation(slot, asked, seen)).with_headers(headers)
        except Refusal as refused:
            raise Refusal(answer=refused.answer.with_headers(headers)) from None

    async def _operation(self, slot: Slot, asked: Asked, seen: dict[str, str]) -> Answer:
        if asked.segments == ("healthstatus",) and asked.method == "GET":
            return Answer(body=None)
        vault = slot.live
        if vault is None:
            raise refusal(404, "VaultNotFound", "There is no vault of this name.")
        version = asked.query.get("api-version")
        if version not in FACTS.api_versions["data"]:
            raise refusal(400, "BadParameter", f"The specified version ({(version or '')[:80]}) is not recognized.")
        operation = operation_of(asked.method, asked.segments)
        if operation is None or operation.name not in DATA_OPERATIONS:
            raise refusal(404, "NotFound", "There is no operation of this method and path.")
        seen["what"] = operation.name
        standing = self._world.data_standing(asked, vault, operation.permission)
        decision = await self._world.gates.pass_subject(
            slot.subject, vault, plane="data", operation=operation.name, asked=asked, standing=standing
        )
        seen["rule"] = "" if decision.rule is None else str(decision.rule)[:200]
        answer = operation.answer(vault.objects, f"https://{asked.headers.get('host', '')}", asked)
        if asked.method != "GET":
            self._world.save()
        return answer

    @staticmethod
    async def _send(scope: MutableMapping[str, Any], answer: Answer, receive: Receive, send: Send) -> None:
        body = b"" if answer.body is None or scope["method"] == "HEAD" else to_json(answer.body)
        headers = [(b"content-length", b"%d" % len(body)), (b"cache-control", b"no-cache")]
        if body:
            headers.append((b"content-type", b"application/json; charset=utf-8"))
        headers += [
            (name.encode("latin-1"), value.encode("latin-1", errors="replace"))
            for name, value in answer.headers.items()
        ]
        if answer.status in (408, 413):
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": answer.status == 413})
        if answer.status == 413:
            await discard_body(receive)
            await send({"type": "http.response.body", "body": b""})


def _rules_sent(asked: Asked) -> str:
    """The rules that a write holds, as they came, for the log; of a long body its length alone."""
    if asked.method not in ("PUT", "PATCH") or b'"networkAcls"' not in asked.body:
        return ""
    if len(asked.body) > _LOGGED_BODY:
        return f"networkAcls in {len(asked.body)} bytes"
    try:
        properties = asked.json().get("properties")
    except Refusal:
        return ""
    return to_json(properties["networkAcls"]).decode() if _has_rules(properties) else ""


def _has_rules(properties: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(properties, dict) and "networkAcls" in properties


def _who(caller: Caller) -> str:
    parts = (caller.address, caller.subnet and f"in {caller.subnet}", caller.service and f"as {caller.service!r}")
    return " ".join(part for part in parts if part)
