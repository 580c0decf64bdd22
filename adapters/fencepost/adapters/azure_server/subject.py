"""The subject behind one vault: asked in a thread of its own, one call after the other, its answers checked."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
from fencepost.adapters.azure_server.errors import BROKEN_SUBJECT, INCONCLUSIVE, Refusal, refusal
from fencepost.adapters.contract import Connection, Decision, HarnessFault, JsonObject, MalformedResult, Statement
from fencepost.adapters.contract.vocabulary import PROTOCOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The refusal of a write, in the words of the subject."""

    status: int
    code: str
    message: str


class Subject:
    """One vault's connection. A fault, or an answer unknown to the contract, is a 500 with a code of its own."""

    def __init__(self, connection: Connection, statement: Statement) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="subject")
        self.statement = statement
        self._features = frozenset(statement.features)

    def offers(self, feature: str) -> bool:
        """Whether the statement declares the feature."""
        return feature in self._features

    async def reset(self, subnets: Sequence[JsonObject]) -> None:
        """A new vault in a network of these subnets; of none where the subject knows no subnets."""
        await self._call("reset", {"subnets": [] if self.offers("ip-rules-only") else list(subnets)})

    async def put_rules(self, acls: JsonObject) -> Refused | None:
        """Replace the rules; return the refusal if the subject refused them, else None."""
        result = await self._call("putRules", {"networkAcls": acls})
        if not isinstance(result, Mapping):
            raise self._broken("putRules", f"a write result, got {result!r:.200}")
        if result.get("outcome") == "inconclusive":
            raise refusal(503, INCONCLUSIVE, f"The subject cannot put this write: {result.get('reason')}")
        accepted = result.get("accepted")
        if accepted is True:
            return None
        if accepted is not False:
            raise self._broken("putRules", f"a write result, got {result!r:.200}")
        status, code = result.get("status"), result.get("code")
        return Refused(
            status=status if isinstance(status, int) and 400 <= status < 500 else 400,
            code=code if isinstance(code, str) and code else "BadRequest",
            message=str(result.get("message") or "The rules were refused."),
        )

    async def set_service_endpoints(self, subnet: str, endpoints: Sequence[str]) -> None:
        """Switch a subnet's endpoints; nothing where the subject does not model them."""
        if self.offers("service-endpoints"):
            await self._call("setServiceEndpoints", {"subnet": subnet, "serviceEndpoints": list(endpoints)})

    async def rules(self) -> JsonObject:
        """The rules as the subject reads them back; asked only where it offers that."""
        result = await self._call("getRules", {})
        acls = result.get("networkAcls") if isinstance(result, Mapping) else None
        if acls is None:
            return {}
        if not isinstance(acls, Mapping):
            raise self._broken("getRules", f"networkAcls, got {acls!r:.200}")
        return acls

    async def decide(self, requests: Sequence[JsonObject]) -> list[Decision]:
        """One decision a request."""
        result = await self._call("decide", {"requests": list(requests)})
        decisions = result.get("decisions") if isinstance(result, Mapping) else None
        if not isinstance(decisions, list) or len(decisions) != len(requests):
            raise self._broken("decide", f"{len(requests)} decisions, got {result!r:.200}")
        try:
            return [msgspec.convert({"outcome": one} if isinstance(one, str) else one, Decision) for one in decisions]
        except (msgspec.ValidationError, UnicodeEncodeError) as error:  # half a surrogate pair
            raise self._broken("decide", str(error)) from None

    async def close(self) -> None:
        """Take leave of the subject."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)

    async def _call(self, method: str, params: JsonObject) -> object:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._connection.call, method, params)
        except HarnessFault as fault:
            raise refusal(500, BROKEN_SUBJECT, f"The subject is broken: {fault}") from None

    def _broken(self, method: str, story: str) -> Refusal:
        return refusal(500, BROKEN_SUBJECT, f"The subject is broken: {method}: expected {story}")


def introduce(connection: Connection) -> Statement:
    """The statement of the subject; `HarnessFault` if it gives none."""
    result = connection.call("describe", {"protocol": PROTOCOL})
    try:
        return msgspec.convert(result, Statement)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # half a surrogate pair
        raise MalformedResult(
            method="describe", expected="a statement", came=str(error), offending=repr(result)
        ) from None
