"""The adapter over an endpoint on Azure's wire: a write is a control-plane call, a decision a call of its own kind."""

import asyncio
import atexit
import base64
import dataclasses
import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from azure.core.exceptions import AzureError, HttpResponseError
from fencepost.adapters.azure.forms import ALL_DEFAULT
from fencepost.adapters.azure.target import TargetError, TargetFile
from fencepost.adapters.azure_client import control_calls, data_calls
from fencepost.adapters.azure_client.clients import (
    Clients,
    ClientSets,
    context_for,
    forget_challenges,
    open_clients,
)
from fencepost.adapters.azure_client.conveying import CALLER, Conveyed, NotFromHere
from fencepost.adapters.azure_client.estate import Estate, code_of, is_by_firewall
from fencepost.adapters.contract.messages import Request
from fencepost.adapters.contract.protocol import JsonObject

_INCONCLUSIVE = "FencepostInconclusive"
_NO_VAULT = "VaultNotFound"
_AT_ONCE = 16
_PASSED = frozenset({404, 409})
_REFUSED = frozenset({400, 409})
_MODELLED = ("service-endpoints", "trusted-services", "caller-credentials", "decision-codes")
_OVER = "the run is over"
_LAST_SECONDS = 20.0
_LATE_SECONDS = 1.0


class Unexpected(RuntimeError):
    """The endpoint answered neither yes nor no: the verdict is *error*."""


class AzureAdapter:
    """One vault of our own at the endpoint. Parameters and results are those of the contract.

    A 5xx, a failed connection, an answer that is neither yes nor no is an `Unexpected`; a call that the endpoint
    saw coming from elsewhere is inconclusive.
    """

    exclusive = True
    """The networks of the endpoint are everyone's."""

    def __init__(self, target: TargetFile) -> None:
        self._target = target
        self._runner = asyncio.Runner()
        self._lock = threading.RLock()
        self._is_over = False
        self._sets: ClientSets | None = None
        self._estate: Estate | None = None
        self._under_way: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self._backups: data_calls.Backups = {}
        self._untaken = False
        self._limit = _AT_ONCE

    @classmethod
    def opened(cls, target: TargetFile) -> "AzureAdapter":
        """The adapter, its vault made; `TargetError` where the endpoint cannot be asked, before anything is written."""
        adapter = cls(target)
        atexit.register(adapter._leave_at_exit)  # before there is anything to leave: the start can be interrupted, too
        try:
            adapter._run(adapter._open())
        except BaseException:
            if adapter._estate is None or adapter._estate.is_empty:
                atexit.unregister(adapter._leave_at_exit)
            adapter._abandon()
            raise
        return adapter

    def describe(self, *, protocol: int) -> JsonObject:
        """The conformance statement: what Azure's wire has, less what the target file takes away or cannot convey."""
        table, caller = self._target.statement, self._target.caller
        features = ["read-back", "azure-wire", *_MODELLED]
        missing = {*table.without, *(() if self._target.identities.unauthorized else ("caller-credentials",))}
        restricted = [*dict.fromkeys((*table.restrictions, *(() if caller.conveys_subnets else ("ip-rules-only",))))]
        default = "list" if table.profile == "keyvault-2018-preview" else "attribute"
        is_by_list = table.choices.get("trusted-services", default) == "list"
        if not caller.conveys_services or not (is_by_list or caller.conveys_trust):
            missing.add("trusted-services")
        if "ip-rules-only" in restricted:
            missing.add("service-endpoints")
        statement: dict[str, object] = {
            "protocol": protocol,
            "name": table.name,
            "version": table.version,
            "profile": table.profile,
            "features": [*(feature for feature in features if feature not in missing), *restricted],
            "choices": dict(table.choices),
            "settleSeconds": table.settle_seconds,
        }
        if self._untaken:
            asked = (*control_calls.CALLS, *data_calls.CALLS, *data_calls.restores({}))
            statement["operations"] = [name for name in asked if name not in data_calls.NEEDS_TAKEN_NAMES]
        return statement

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault, or ours as it was when it was new, in a network of just these subnets."""
        self._run(self._reset(subnets))
        return {}

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Put the vault with these rules."""
        answer: JsonObject = self._run(self._put_rules(network_acls))
        return answer

    def get_rules(self) -> JsonObject:
        """The rules as the endpoint reads them back."""
        rules: JsonObject = self._run(self._get_rules())
        return rules

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        """Put the subnet with these endpoints."""
        estate, clients = self._ours()
        self._run(estate.switch(clients, subnet, service_endpoints))
        return {}

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """The decision on each request."""
        asked = msgspec.convert(requests, list[Request])
        return {"decisions": self._run(self._decide(asked))}

    def shutdown(self) -> JsonObject:
        """Take away what is ours. A call under way in another thread ends first, and asks nothing more."""
        self._is_over = True
        with self._lock:
            if self._sets is not None:
                try:
                    estate, clients = self._ours()
                    self._runner.run(self._noted(estate.remove(clients)))
                finally:
                    self._abandon()
            atexit.unregister(self._leave_at_exit)  # only now: the program may end while the removal is under way
        return {}

    def _run(self, work: Any) -> Any:
        with self._lock:
            if self._is_over:
                work.close()
                raise Unexpected(_OVER)
            return self._runner.run(self._noted(work))

    async def _noted(self, work: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        self._under_way = (asyncio.get_running_loop(), task)
        try:
            return await work
        finally:
            self._under_way = None

    def _ours(self) -> tuple[Estate, Clients]:
        assert self._sets is not None
        assert self._estate is not None
        return self._estate, self._sets.authorized

    def _abandon(self) -> None:
        if self._sets is not None:
            self._runner.run(self._sets.close())
            self._sets = None
        self._runner.close()

    def _leave_at_exit(self) -> None:
        """The program ends while a call is under way in its thread: take away what is ours from this one.

        The call ends by itself, for the endpoint may carry out late a call that is cut off; it is cut off if it hangs.
        """
        self._is_over = True
        is_cut = not self._lock.acquire(timeout=_LAST_SECONDS / 4)
        if is_cut and (under_way := self._under_way) is not None:
            loop, task = under_way
            loop.call_soon_threadsafe(task.cancel)
            self._lock.acquire(timeout=_LAST_SECONDS / 4)
        estate = self._estate

        async def remove() -> None:
            sets = open_clients(self._target, context_for(self._target.endpoint))
            try:
                async with asyncio.timeout(_LAST_SECONDS):
                    assert estate is not None
                    await estate.remove(sets.authorized, again_after=_LATE_SECONDS if is_cut else 0.0)
            finally:
                await sets.close()

        if estate is not None and not estate.is_empty:
            asyncio.run(remove())

    async def _open(self) -> None:
        endpoint = self._target.endpoint
        try:
            context = context_for(endpoint)
        except OSError as error:
            raise TargetError(f"{endpoint.ca}: {error.strerror or error}") from None
        forget_challenges()
        self._sets = open_clients(self._target, context)
        clients = self._sets.authorized
        try:
            token = await clients.credential.get_token(endpoint.control_scope)
            self._estate = Estate(self._target, _object_id(token.token))
            async for _ in clients.vaults.vaults.list_by_resource_group(endpoint.resource_group):
                pass
            await self._estate.check_name(clients)
        except (AzureError, NotFromHere) as error:
            self._estate = None
            raise TargetError(_in_a_line(endpoint.control, error)) from None
        try:
            await self._reset(())
        except (AzureError, NotFromHere) as error:
            raise TargetError(_in_a_line(endpoint.control, error)) from None

    async def _reset(self, subnets: Sequence[JsonObject]) -> None:
        estate, clients = self._ours()
        await estate.make_networks(clients, subnets)
        if self._target.reset == "reuse" and estate.is_made:
            if await estate.is_let(lambda: self._write(ALL_DEFAULT)):
                return
            await estate.lock(clients)
        url = await estate.make_vault(clients)
        assert self._sets is not None
        for one in (self._sets.authorized, self._sets.unauthorized):
            if one is not None:
                one.reach(url)
        assert clients.data is not None
        try:
            self._backups = await data_calls.take_names(clients.data)
        except HttpResponseError as error:
            # The endpoint refuses everybody from the start; or asks for no token, so that the SDK sends its first
            # request, which is to bring the challenge, without a body.
            if error.status_code is None or error.status_code >= 500:
                raise
            self._untaken = True

    async def _put_rules(self, acls: JsonObject) -> JsonObject:
        try:
            await self._write(acls)
        except HttpResponseError as error:
            if code_of(error) == _INCONCLUSIVE:
                return {"outcome": "inconclusive", "reason": str(error.message)[:2000]}
            if error.status_code not in _REFUSED and not is_by_firewall(error):
                raise Unexpected(f"the write was answered with {error.status_code}: {error.message}") from None
            return {
                "accepted": False,
                "status": error.status_code,
                "code": code_of(error),
                "message": str(error.message)[:2000],
            }
        return {"accepted": True}

    async def _write(self, acls: JsonObject) -> None:
        estate, clients = self._ours()
        group = self._target.endpoint.resource_group
        poller = await clients.vaults.vaults.begin_create_or_update(group, estate.vault, estate.with_rules(acls))
        await poller.result()
        rules = acls.get("ipRules")
        estate.ip_rules = rules if isinstance(rules, list) else ()

    async def _get_rules(self) -> JsonObject:
        estate, clients = self._ours()
        try:
            vault = await clients.vaults.vaults.get(self._target.endpoint.resource_group, estate.vault)
        except HttpResponseError as error:
            raise Unexpected(f"the vault is not read: {error.status_code} {code_of(error)}") from None
        acls = vault.as_dict().get("properties", {}).get("networkAcls")
        return {} if acls is None else {"networkAcls": acls}

    async def _decide(self, requests: Sequence[Request]) -> list[JsonObject]:
        turns = asyncio.Semaphore(self._limit)
        decisions: dict[int, JsonObject] = {}
        conveyed = [_conveyed(request) for request in requests]

        async def ask(lane: Sequence[int]) -> None:
            async with turns:
                for place in lane:
                    if self._is_over:
                        raise Unexpected(_OVER)
                    CALLER.set(dataclasses.replace(conveyed[place], is_last=place == lane[-1]))
                    decisions[place] = await self._decided(requests[place])

        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._lanes(conveyed):
                    group.create_task(ask(lane))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [decisions[place] for place in range(len(requests))]

    def _lanes(self, conveyed: Sequence[Conveyed]) -> Sequence[Sequence[int]]:
        """The places of requests that are asked one after another: by source, where a connection has one source."""
        if self._target.caller.address == "header":
            return [[place] for place in range(len(conveyed))]
        lanes: dict[object, list[int]] = {}
        for place, caller in enumerate(conveyed):
            lanes.setdefault(caller.source, []).append(place)
        return list(lanes.values())

    async def _decided(self, request: Request) -> JsonObject:
        assert self._sets is not None
        if self._untaken and request.operation in data_calls.NEEDS_TAKEN_NAMES:
            return {"outcome": "inconclusive", "reason": f"no name could be taken for {request.operation}"}
        if self._estate is not None and self._estate.locked and request.operation in control_calls.OF_ALL_VAULTS:
            return {"outcome": "inconclusive", "reason": "the list has vaults that their firewall lets nobody remove"}
        clients = self._sets.authorized if request.caller.authorized else self._sets.unauthorized
        if clients is None:
            raise ValueError("the target file names no unauthorized identity")
        try:
            await self._call(request, clients)
        except HttpResponseError as error:
            return _answered(request, error)
        except NotFromHere as error:
            return {"outcome": "inconclusive", "reason": str(error)}
        except AzureError as error:
            raise Unexpected(f"{request.operation}: {error}") from None
        return {"outcome": "allow"}

    async def _call(self, request: Request, clients: Clients) -> None:
        estate, _ = self._ours()
        if request.plane == "control":
            endpoint = self._target.endpoint
            place = control_calls.Place(
                group=endpoint.resource_group, name=estate.vault, location=endpoint.location, body=estate.body
            )
            await control_calls.CALLS[request.operation](clients.vaults, place)
        else:
            assert clients.data is not None
            calls: Mapping[str, data_calls.Call] = {**data_calls.CALLS, **data_calls.restores(self._backups)}
            await calls[request.operation](clients.data)


def _conveyed(request: Request) -> Conveyed:
    caller = request.caller
    return Conveyed(
        address=request.source.address,
        subnet=request.source.subnet,
        service=caller.service,
        trusted=caller.trusted,
        is_authenticated=caller.authenticated,
    )


def _answered(request: Request, error: HttpResponseError) -> JsonObject:
    """The decision that an error is: what only comes once the gates are passed is an allow."""
    code, status = code_of(error), error.status_code
    if code == _INCONCLUSIVE:
        return {"outcome": "inconclusive", "reason": str(error.message)[:2000]}
    if status in _PASSED and code != _NO_VAULT:
        return {"outcome": "allow"}
    is_ours = request.caller.authenticated and request.caller.authorized
    if status in (401, 403) and (request.plane == "data" or not is_ours or is_by_firewall(error)):
        denial: dict[str, object] = {"outcome": "deny", "status": status}
        return denial if code is None or status == 401 else {**denial, "code": code}
    raise Unexpected(f"{request.operation} was answered with {status} {code}: {error.message}") from None


def _object_id(token: str) -> str:
    """The id of the principal that the token is for; only the endpoint can tell whether it is a good one."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return str(claims["oid"])
    except (IndexError, ValueError, KeyError, TypeError, RecursionError):
        raise TargetError("the token names no object id") from None


def _in_a_line(control: str, error: Exception) -> str:
    """Why the endpoint cannot be asked, in one line."""
    if isinstance(error, HttpResponseError) and error.response is not None:
        return f"{control} answered {error.status_code} {code_of(error) or ''}: {_first(error.message)}"
    return f"{control}: {_first(str(error))}"


def _first(text: object) -> str:
    return (str(text).strip().splitlines() or ["no reason given"])[0][:400].rstrip(".")
