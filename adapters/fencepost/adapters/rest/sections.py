"""The sections of a `rest:` file: the service, its start, its requests, and how what it answers is read."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from fencepost.adapters.declared.commands import JsonConditions, JsonPath, holds
from fencepost.adapters.declared.json_path import NotThere, value_at
from fencepost.adapters.declared.reading import compiled
from fencepost.adapters.declared.sections import AnyFile, Rules, Seconds, Section
from fencepost.adapters.declared.texts import PlaceText, Regex, RequestText, RuleSetText, SingleRuleText
from fencepost.adapters.rest.reply import Reply
from msgspec import Meta, field

Status = Annotated[int, Meta(ge=100, le=599)]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def _headers_check(headers: Mapping[str, str]) -> Iterator[str]:
    for name in headers:
        if compiled(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch(name) is None:
            yield f"{name!r} is no name of a header"


class Answers(Section, frozen=True, kw_only=True):
    """What an answer is like: every condition that is given must hold.

    `status` is its status or a list of them, `headers` maps names to regular expressions found in their values,
    `body` is a regular expression found somewhere in the body, `json` maps JSON paths in it to the values that stand
    there.
    """

    status: Status | Annotated[list[Status], Meta(min_length=1)] | None = None
    headers: dict[str, Regex] | None = None
    body: Regex | None = None
    json: JsonConditions | None = None

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses; none where any will do."""
        return () if self.status is None else (self.status,) if isinstance(self.status, int) else tuple(self.status)

    @property
    def says_more(self) -> bool:
        """Whether headers or body count too."""
        return bool(self.headers) or self.body is not None or bool(self.json)

    def fits(self, reply: Reply) -> bool:
        """Whether every condition holds."""
        return (
            (self.status is None or reply.status in self.statuses)
            and all(
                (value := reply.header(name)) is not None and compiled(pattern).search(value) is not None
                for name, pattern in (self.headers or {}).items()
            )
            and (self.body is None or compiled(self.body).search(reply.text) is not None)
            and (self.json is None or holds(self.json, reply.body))
        )


class Where(Section, frozen=True, kw_only=True):
    """Where in an answer something stands: a header, a JSON path, or the first group of a regular expression."""

    header: str | None = None
    json: JsonPath | None = None
    body: Regex | None = None

    def in_(self, reply: Reply) -> str | None:
        """The text there; None where there is none."""
        if self.header is not None:
            return reply.header(self.header)
        if self.json is not None:
            try:
                found = value_at(reply.body, self.json)
            except NotThere:
                return None
            return found if isinstance(found, str) else None if found is None else str(found)
        matched = compiled(self.body or "").search(reply.text)
        return None if matched is None else matched[1] if matched.re.groups else matched[0]


RequestHeaders = Annotated[dict[str, RequestText], Meta(extra={"check": _headers_check})]
Headers = Annotated[dict[str, RuleSetText], Meta(extra={"check": _headers_check})]


class Asked(Section, frozen=True, kw_only=True):
    """A request that changes something, and how its answer is read. `path` may be a whole URL."""

    method: Method = "PUT"
    path: RuleSetText
    headers: Headers = field(default_factory=dict)
    body: RuleSetText | None = None
    accepted: Answers
    refused: Answers | None = None


class Settle(Section, frozen=True, kw_only=True):
    """How a write is known to be in force: `get` is polled until what stands there equals `equals`."""

    get: RuleSetText
    headers: Headers = field(default_factory=dict)
    header: str | None = None
    json: JsonPath | None = None
    body: Regex | None = None
    equals: RuleSetText = "${mark}"
    within: Seconds = 5.0

    @property
    def where(self) -> Where:
        """Where the mark stands."""
        return Where(header=self.header, json=self.json, body=self.body)


class RestRules(Rules, frozen=True, kw_only=True):
    """How a rule set becomes the service's own form, and how it gets there: a file, a request, a command, a restart."""

    put: Asked | None = None
    reset: Asked | None = None
    restart: bool = False
    settle: Settle | None = None


class AskedOfOne(Asked, frozen=True, kw_only=True):
    """A request that changes one rule, `${value}`."""

    path: SingleRuleText
    body: SingleRuleText | None = None


class Single(Section, frozen=True, kw_only=True):
    """Requests that add or remove one rule, `${value}`, or change the default action (`incremental-rules`)."""

    add: AskedOfOne
    remove: AskedOfOne
    update: Asked | None = None


class ReadBack(Section, frozen=True, kw_only=True):
    """How the rules are read back (`read-back`): a GET, and the form of what stands at the JSON path `at`."""

    get: RuleSetText
    headers: Headers = field(default_factory=dict)
    form: Literal["json-list", "network-acls"] = "json-list"
    at: JsonPath = "$"
    default: JsonPath | None = None


class Ready(Section, frozen=True, kw_only=True):
    """How the service is known to be up: a GET answered with one of these statuses (any, where none is given)."""

    get: PlaceText
    status: Status | Annotated[list[Status], Meta(min_length=1)] | None = None
    within: Seconds = 10.0


class Start(Section, frozen=True, kw_only=True):
    """How the service is started: files that are written first, the command, free ports by name, the ready check."""

    run: Annotated[list[PlaceText], Meta(min_length=1)]
    env: dict[str, PlaceText] = field(default_factory=dict)
    folder: PlaceText = "${tmp}"
    files: dict[str, PlaceText] = field(default_factory=dict)
    ports: list[str] = field(default_factory=list)
    ready: Ready


class Tls(Section, frozen=True, kw_only=True):
    """Whom to trust beside the system's authorities, and the client's own certificate and key, as PEM files."""

    ca: PlaceText | None = None
    certificate: PlaceText | None = None
    key: PlaceText | None = None


class Service(Section, frozen=True, kw_only=True):
    """Where the service is, and how it is talked to. Redirects are never followed to another host."""

    base: PlaceText
    concurrency: Annotated[int, Meta(ge=1, le=256)] = 8
    keep_alive: bool = True
    redirects: Literal["none", "same-host"] = "none"
    tls: Tls = Tls()


class Tlvs(Section, frozen=True, kw_only=True):
    """The values beside the address in a header of the PROXY protocol v2; an empty value is left out."""

    authority: RequestText = ""
    unique_id: RequestText = ""

    @property
    def given(self) -> Mapping[str, str]:
        """The texts that are not empty, by their names."""
        return {name: text for name, text in (("authority", self.authority), ("unique-id", self.unique_id)) if text}


class Source(Section, frozen=True, kw_only=True):
    """How the caller's address gets to the service: a `header`, the PROXY protocol, or a bound address (`bound`).

    For a header, `hop` says which of the addresses in it the service goes by: the `only` one, the `first` or the
    `last`; `beside` are the others, in their order. A request whose `tlvs` are longer than the protocol's is
    inconclusive.
    """

    header: str | None = None
    hop: Literal["only", "first", "last"] | None = None
    beside: list[str] = field(default_factory=list)
    proxy: Literal["v1", "v2"] | None = None
    tlvs: Tlvs = Tlvs()
    bound: bool = False

    def value(self, address: str) -> str:
        """The value of the header for this caller."""
        hops = [*self.beside, address] if self.hop == "last" else [address, *self.beside]
        return ", ".join(hops)


class RestDecide(Section, frozen=True, kw_only=True):
    """The request that a decision is, where its source address goes, and how its answer is read.

    `seen` is where the answer says which address the service saw: another is inconclusive. `mark` is where it says
    under which rules it was given: under older ones it is asked again.
    """

    method: Method = "GET"
    path: RequestText
    headers: RequestHeaders = field(default_factory=dict)
    body: RequestText | None = None
    source: Source
    allow: Answers
    deny: Answers
    inconclusive: Answers | None = None
    seen: Where | None = None
    mark: Where | None = None

    @property
    def outcomes(self) -> dict[str, Answers]:
        """The mappings of a decision that the file has."""
        given = {"allow": self.allow, "deny": self.deny, "inconclusive": self.inconclusive}
        return {outcome: answers for outcome, answers in given.items() if answers is not None}


class RestFile(AnyFile, frozen=True, kw_only=True):
    """A `rest:` file: subject, rules, default-action, language, service, decide; start, single, read-back as needed."""

    rules: RestRules
    service: Service
    decide: RestDecide
    start: Start | None = None
    single: Single | None = None
    read_back: ReadBack | None = None
