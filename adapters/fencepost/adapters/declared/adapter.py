"""The contract's methods over a tool or a service; what cannot be put or asked as it stands is inconclusive."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from fencepost.adapters.contract.protocol import JsonObject
from fencepost.adapters.declared.engine import Answer, Engine, RequestObject
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.declared.rule_text import NotExpressible, RuleForm, RuleSet
from fencepost.adapters.declared.sections import AnyFile


class DeclaredAdapter:
    """An implementation under test as its file declares it. Each call ends by its deadline, or raises."""

    def __init__(self, file: AnyFile, engine: Engine, form: RuleForm, statement: Callable[[float], JsonObject]) -> None:
        self._engine = engine
        self._form = form
        self._statement = statement
        self._default = file.default_action.is_
        self._marks = count(1)
        self._unsendable = [ipaddress.IPv4Network(block) for block in file.language.unsendable]
        self._new_vault: JsonObject = {
            "bypass": "None", "defaultAction": "Deny" if self._default == "none" else "Allow", "ipRules": [],
            "virtualNetworkRules": [],
        }  # fmt: skip
        self._wanted: JsonObject = self._new_vault
        self._in_force: RuleSet | None = None
        self._values: Mapping[str, str] = {}
        self._described: JsonObject | None = None

    def describe(self, deadline: float) -> JsonObject:
        """The conformance statement; what is to be running is started first."""
        try:
            self._engine.open(deadline)
        except Broken:
            self._statement(deadline)  # which says what to install where that is missing
            raise
        if self._described is None:
            self._described = self._statement(deadline)
        return self._described

    def reset(self, subnets: Sequence[object], deadline: float) -> JsonObject:
        """A vault without rules, put in force when the next call needs it."""
        self._engine.open(deadline)
        if subnets and self._form.rules.form not in ("network-acls", "jinja"):
            raise Broken(expected="a network without subnets, as the statement says", came=f"{len(subnets)} subnets")
        self._wanted, self._in_force = self._new_vault, None
        return {}

    def put_rules(self, network_acls: JsonObject, deadline: float) -> JsonObject:
        """Put the whole rule set; inconclusive where the tool's language cannot hold it."""
        self._engine.open(deadline)
        result = self._put(network_acls, deadline)
        if result.get("accepted") is True:
            self._wanted = network_acls
        return result

    def decide(self, asked: Sequence[RequestObject], deadline: float) -> JsonObject:
        """One decision a request; those from addresses that cannot be sent are inconclusive."""
        self.bring(deadline)
        if not self._unsendable:
            return {"decisions": self._engine.ask(asked, self._values, deadline)}
        sent = [place for place, request in enumerate(asked) if not self._cannot_send(request["source"]["address"])]
        answers = self._engine.ask([asked[place] for place in sent], self._values, deadline)
        decisions: list[Answer | None] = [None] * len(asked)
        for place, answer in zip(sent, answers, strict=True):
            decisions[place] = answer
        return {
            "decisions": [
                answer or _unsent(request["source"]["address"])
                for answer, request in zip(decisions, asked, strict=True)
            ]
        }

    def bare_loop(self, asked: Sequence[RequestObject]) -> Callable[[], object]:
        """The same requests in a bare loop, under the rules in force."""
        return self._engine.bare_loop(asked, self._values)

    def bring(self, deadline: float) -> None:
        """Put the rules in force that are to be: after a reset, and where the tool was started anew."""
        self._engine.open(deadline)
        if self._in_force is not None and not self._engine.needs_rules:
            return
        result = self._put(self._wanted, deadline)
        if result.get("accepted") is not True:
            raise Broken(expected="the rules in force to be taken again", came=str(result))

    @property
    def wanted(self) -> JsonObject:
        """The rule set that is in force, or will be with the next call."""
        return self._wanted

    @property
    def values(self) -> Mapping[str, str]:
        """The placeholders of the rule set in force."""
        return self._values

    def changed(self, member: str, value: object) -> None:
        """Note what a single change has made of the rules."""
        self._wanted = {**self._wanted, member: value}

    def _put(self, network_acls: JsonObject, deadline: float) -> JsonObject:
        places = {**self._engine.places(), "mark": str(next(self._marks))}
        try:
            rule_set = self._form.of(network_acls, places)
            values = {**places, **rule_set.placeholders}
            refusal = self._engine.put(values, deadline, is_new=network_acls is self._new_vault)
        except NotExpressible as error:
            return {"outcome": "inconclusive", "reason": str(error)}
        if refusal is not None:
            return refusal.as_result()
        self._in_force, self._values = rule_set, values
        return {"accepted": True}

    def _cannot_send(self, address: str) -> bool:
        number = ipaddress.IPv4Address(address)
        return any(number in block for block in self._unsendable)


def _unsent(address: str) -> JsonObject:
    return {"outcome": "inconclusive", "reason": f"{address} is one of the addresses that cannot be sent"}
