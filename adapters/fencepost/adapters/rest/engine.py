"""An HTTP service as an engine: started or not, its rules put, its decisions asked from the callers' addresses."""

import shutil
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from fencepost.adapters import any_ip
from fencepost.adapters.contract.faults import Crashed, NotStarted, TimedOut
from fencepost.adapters.declared.engine import Answer, Refusal, RequestObject, Shown, decision
from fencepost.adapters.declared.reading import Broken, Reading
from fencepost.adapters.declared.rule_file import RuleFile
from fencepost.adapters.declared.run import started
from fencepost.adapters.declared.texts import environment_places, filled
from fencepost.adapters.processes import Tail
from fencepost.adapters.rest.bare import bare_loop
from fencepost.adapters.rest.exchange import Exchange, NotSent
from fencepost.adapters.rest.link import Way
from fencepost.adapters.rest.reply import Reply
from fencepost.adapters.rest.requests import Question, Requests
from fencepost.adapters.rest.running import Running, free_ports
from fencepost.adapters.rest.sections import Asked, RestFile

_T = TypeVar("_T")
_PAUSE = 0.002
_UNSET = {"rules": "", "mark": "", "default": "", "bypass": ""}


class RestEngine:
    """The service of one file. Where callers' addresses are bound, everything happens in a thread in the namespace."""

    def __init__(self, file: RestFile, *, folder: Path, shown: Shown) -> None:
        self._file = file
        self._folder = folder
        self._shown = shown
        self._log = Tail()
        self._tmp = Path(tempfile.mkdtemp(prefix="fencepost-rest-")).resolve()
        self._places = environment_places(file) | {"here": str(folder), "tmp": str(self._tmp), "pid": ""}
        self._places |= free_ports(file.start.ports if file.start is not None else ())
        if file.rules.file is not None:
            named = Path(filled(file.rules.file, self._places))
            self._places["rules_file"] = str(named if named.is_absolute() else self._tmp / named)
        self._requests = Requests(file, self._places)
        self._rule_file = RuleFile(file.rules, folder=self._tmp if file.start is not None else folder, shown=shown)
        self._reading: Reading[Reply] = Reading(where="decide", mappings=file.decide.outcomes)
        self._running: Running | None = None
        self._has_rules = False
        self._thread = ThreadPoolExecutor(1, "fencepost-rest") if file.decide.source.bound else None
        self._is_inside = False
        self._exchange: Exchange | None = None

    @property
    def needs_rules(self) -> bool:
        """Whether rules are to be put again: the service is new, or a write ended in the middle."""
        return not self._has_rules

    def places(self) -> Mapping[str, str]:
        """The placeholders that are known at all times."""
        return self._places

    def open(self, deadline: float) -> None:
        """Start the service where the file says how, and it does not run."""
        self.inside(lambda: self._open(deadline))

    def put(self, values: Mapping[str, str], deadline: float, *, is_new: bool) -> Refusal | None:
        """Put the rules by everything that the file names, and wait until they are in force."""
        return self.inside(lambda: self._put(values, deadline, is_new=is_new))

    def ask(self, requests: Sequence[RequestObject], values: Mapping[str, str], deadline: float) -> list[Answer]:
        """One decision a request, in order."""
        return self.inside(lambda: self._ask(requests, values, deadline))

    def bare_loop(self, requests: Sequence[RequestObject], values: Mapping[str, str]) -> Callable[[], object]:
        """A loop that sends what `ask` sends, in waves of the same size."""
        make = self._requests.question_maker(values)
        questions = list(map(make, requests))
        loop = bare_loop(questions, self._way, self._file.service.concurrency)
        return lambda: self.inside(loop)

    def change(self, asked: Asked, values: Mapping[str, str], where: str, deadline: float) -> Refusal | None:
        """Send a request that changes something; a refusal in the service's own words."""
        return self.inside(lambda: self._change(asked, values, where, deadline))

    def get(self, path: str, headers: Mapping[str, str], values: Mapping[str, str], deadline: float) -> Reply:
        """The answer to a GET that asks for no decision."""
        return self.inside(lambda: self._get(path, headers, values, deadline))

    def outcome_of(
        self, headers: Sequence[tuple[str, str]], values: Mapping[str, str], deadline: float
    ) -> tuple[str, Reply]:
        """The outcome of a request for a secret with these headers in place of the source's headers, and the reply."""
        return self.inside(lambda: self._outcome_of(headers, values, deadline))

    def log(self) -> str:
        """What the started service has written to stdout and stderr."""
        return self._log.text()

    def close(self) -> None:
        """End the service, remove the folder."""
        if self._exchange is not None:
            self._exchange.forget()
        if self._running is not None:
            self._running.end()
            self._running = None
        if self._thread is not None:
            self._thread.shutdown(wait=False)
        shutil.rmtree(self._tmp, ignore_errors=True)

    def inside(self, work: Callable[[], _T]) -> _T:
        """Do the work where callers' addresses can be bound, if they are to be."""
        if self._thread is None:
            return work()

        def entered() -> _T:
            if not self._is_inside:
                try:
                    any_ip.enter()
                except any_ip.NoNamespace as error:
                    advice = "a namespace for decide.source.bound (without one: proxy or header)"
                    raise Broken(expected=advice, came=str(error), kind=NotStarted) from None
                self._is_inside = True
            return work()

        return self._thread.submit(entered).result()

    @property
    def _way(self) -> Way:
        source = self._file.decide.source
        context = _context(self._file, self._places, self._folder)
        return Way(context=context, proxy=source.proxy, bound=source.bound)

    @property
    def _http(self) -> Exchange:
        if self._exchange is None:
            service = self._file.service
            self._exchange = Exchange(
                self._way,
                concurrency=service.concurrency,
                keep_alive=service.keep_alive,
                follows=service.redirects == "same-host",
            )
        return self._exchange

    def _open(self, deadline: float) -> None:
        start = self._file.start
        if start is None or (self._running is not None and self._running.is_alive()):
            return
        self._end_running()
        if self._file.rules.file is not None and not Path(self._places["rules_file"]).exists():
            Path(self._places["rules_file"]).parent.mkdir(parents=True, exist_ok=True)
            Path(self._places["rules_file"]).touch()
        for name, text in start.files.items():
            path = self._tmp / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(filled(text, self._places), encoding="utf-8")
        self._start(deadline)

    def _start(self, deadline: float) -> None:
        start = self._file.start
        assert start is not None
        group = started(start.run, start.env, start.folder, self._places, self._log)
        self._running = Running(group, self._log)
        self._places["pid"] = self._running.pid
        ready = start.ready
        wanted = () if ready.status is None else (ready.status,) if isinstance(ready.status, int) else ready.status
        until = min(deadline, time.monotonic() + ready.within)

        def is_ready() -> bool:
            try:
                reply = self._get(ready.get, {}, {**_UNSET, **self._places}, until)
            except (Broken, TimeoutError):
                return False
            return not wanted or reply.status in wanted

        self._running.await_ready(is_ready, until)

    def _end_running(self) -> None:
        self._has_rules = False
        if self._exchange is not None:
            self._exchange.forget()
        if self._running is not None:
            self._running.end()
            self._running = None

    def _put(self, values: Mapping[str, str], deadline: float, *, is_new: bool) -> Refusal | None:
        rules = self._file.rules
        had, ran, self._has_rules = self._has_rules, self._running, False
        refusal = self._rule_file.put(values, deadline, lambda: self._hand_over(values, deadline, is_new=is_new))
        if refusal is not None:
            self._has_rules = had and rules.apply is None and self._running is ran
            return refusal
        if rules.apply is not None:
            self._http.forget()  # the other end of a kept connection may still have the old rules
        self._settle(values, deadline)
        self._has_rules = True
        return None

    def _hand_over(self, values: Mapping[str, str], deadline: float, *, is_new: bool) -> Refusal | None:
        rules = self._file.rules
        if rules.restart:
            self._end_running()
            self._start(deadline)
        if rules.reset is not None and is_new:
            return self._change(rules.reset, values, "rules.reset", deadline)
        return self._change(rules.put, values, "rules.put", deadline) if rules.put is not None else None

    def _change(self, asked: Asked, values: Mapping[str, str], where: str, deadline: float) -> Refusal | None:
        sent = self._requests.sent(asked.method, asked.path, asked.headers, values, asked.body)
        reply = self._http.one(sent, deadline)
        named = {"accepted": asked.accepted, "refused": asked.refused}
        mappings = {name: answers for name, answers in named.items() if answers is not None}
        meaning = Reading(where=where, mappings=mappings).of(reply, f"{sent.as_curl()}\n{reply.shown()}")
        self._shown.note(f"{where}.{meaning}", sent.as_curl, reply.shown)
        return None if meaning == "accepted" else Refusal(status=reply.status, message=reply.text.strip())

    def _get(self, path: str, headers: Mapping[str, str], values: Mapping[str, str], deadline: float) -> Reply:
        return self._http.one(self._requests.sent("GET", path, headers, values), deadline)

    def _settle(self, values: Mapping[str, str], deadline: float) -> None:
        settle = self._file.rules.settle
        if settle is None:
            return
        until = min(deadline, time.monotonic() + settle.within)
        wanted = filled(settle.equals, values)
        while True:
            try:
                reply = self._get(settle.get, settle.headers, values, deadline)
            except Broken as broken:  # a service may refuse or cut off connections while it changes its rules
                if broken.kind not in (NotStarted, Crashed) or time.monotonic() + _PAUSE > until:
                    raise
                time.sleep(_PAUSE)
                continue
            found = settle.where.in_(reply)
            if found == wanted:
                self._shown.note("rules.settle", lambda: f"# polled until {wanted!r} stands there", reply.shown)
                return
            if time.monotonic() + _PAUSE > until:
                raise Broken(
                    expected=f"the mark {wanted!r} within {settle.within:g} s",
                    came=f"{found!r}" if found is not None else "none",
                    offending=reply.shown(),
                    kind=TimedOut,
                )
            time.sleep(_PAUSE)

    def _ask(self, requests: Sequence[RequestObject], values: Mapping[str, str], deadline: float) -> list[Answer]:
        questions = list(map(self._requests.question_maker(values), requests))
        replies = self._http.ask(questions, deadline)
        self._renew_old(questions, replies, values, deadline)
        return list(map(self._decision, requests, questions, replies))

    def _renew_old(
        self,
        questions: Sequence[Question],
        replies: list[Reply | NotSent],
        values: Mapping[str, str],
        deadline: float,
    ) -> None:
        """Ask again what was answered under older rules."""
        mark = self._file.decide.mark
        if mark is None:
            return
        settle = self._file.rules.settle
        until = min(deadline, time.monotonic() + (settle.within if settle is not None else 5.0))
        while True:
            old = [
                place
                for place, reply in enumerate(replies)
                if isinstance(reply, Reply) and mark.in_(reply) != values["mark"]
            ]
            if not old:
                return
            reply = replies[old[0]]
            if time.monotonic() > until and isinstance(reply, Reply):
                expected = f"answers under the rules with the mark {values['mark']!r}"
                raise Broken(expected=expected, came=f"the mark {mark.in_(reply)!r}", offending=reply.shown())
            self._http.forget()
            for place, again in zip(old, self._http.ask([questions[place] for place in old], until), strict=True):
                replies[place] = again

    def _decision(self, request: RequestObject, question: Question, reply: Reply | NotSent) -> Answer:
        if isinstance(reply, NotSent):
            return {"outcome": "inconclusive", "reason": reply.reason}
        if self._file.decide.seen is not None:
            seen = self._file.decide.seen.in_(reply)
            if seen is None:
                exchange = f"{self._requests.curl(question)()}\n{reply.shown()}"
                raise Broken(expected="an answer that says where decide.seen is", came="none there", offending=exchange)
            if seen != request["source"]["address"]:
                reason = f"the service saw {seen} instead of {request['source']['address']}"
                self._shown.note("decide.seen (another address)", self._requests.curl(question), reply.shown)
                return {"outcome": "inconclusive", "reason": reason}
        try:
            outcome = self._reading.of(reply, "")
        except Broken as broken:
            broken.offending = f"{self._requests.curl(question)()}\n{reply.shown()}"
            raise
        if f"decide.{outcome}" not in self._shown.first:
            self._shown.note(f"decide.{outcome}", self._requests.curl(question), reply.shown)
        return decision(outcome)

    def _outcome_of(
        self, headers: Sequence[tuple[str, str]], values: Mapping[str, str], deadline: float
    ) -> tuple[str, Reply]:
        sent = self._requests.spoofed(headers, values)
        questions = [Question(sent=sent, address=None)]
        replies = self._http.ask(questions, deadline)
        self._renew_old(questions, replies, values, deadline)
        (reply,) = replies
        assert isinstance(reply, Reply)
        return self._reading.of(reply, f"{sent.as_curl()}\n{reply.shown()}"), reply


def _context(file: RestFile, places: Mapping[str, str], folder: Path) -> ssl.SSLContext:
    tls = file.service.tls
    context = ssl.create_default_context()
    if tls.ca is not None:
        context.load_verify_locations(cafile=str(folder / filled(tls.ca, places)))
    if tls.certificate is not None:
        key = None if tls.key is None else str(folder / filled(tls.key, places))
        context.load_cert_chain(str(folder / filled(tls.certificate, places)), key)
    return context
