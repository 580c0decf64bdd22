"""The methods of `read-back` and `incremental-rules`, each a request of the file."""

from collections.abc import Mapping

from fencepost.adapters.contract.faults import NotJson
from fencepost.adapters.contract.protocol import JsonObject
from fencepost.adapters.declared.adapter import DeclaredAdapter
from fencepost.adapters.declared.connection import Method
from fencepost.adapters.declared.json_path import NotThere, value_at
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.declared.rule_text import NotExpressible, RuleForm
from fencepost.adapters.rest.engine import RestEngine
from fencepost.adapters.rest.sections import Asked, ReadBack, RestFile


class SingleChanges:
    """Single rules added and removed, the default action changed, the rules read back."""

    def __init__(self, file: RestFile, adapter: DeclaredAdapter, engine: RestEngine, form: RuleForm) -> None:
        self._file = file
        self._adapter = adapter
        self._engine = engine
        self._form = form

    def methods(self) -> Mapping[str, Method]:
        """The methods that the file has requests for, by their names on the wire."""
        found: dict[str, Method] = {}
        single = self._file.single
        if single is not None:
            add, remove, update = single.add, single.remove, single.update
            found["addIpRule"] = lambda params, deadline: self._change(add, "single.add", params["value"], deadline)
            found["removeIpRule"] = lambda params, deadline: self._change(
                remove, "single.remove", params["value"], deadline
            )
            found["updateRules"] = lambda params, deadline: self._update(update, params, deadline)
        if self._file.read_back is not None:
            read_back = self._file.read_back
            found["getRules"] = lambda _, deadline: self._read(read_back, deadline)
        return found

    def _change(self, asked: Asked, where: str, value: object, deadline: float) -> JsonObject:
        self._adapter.bring(deadline)
        try:
            (text,) = self._form.texts([value])
        except NotExpressible as error:
            return {"outcome": "inconclusive", "reason": str(error)}
        refusal = self._engine.change(asked, {**self._adapter.values, "value": text}, where, deadline)
        if refusal is not None:
            return refusal.as_result()
        entries = self._adapter.wanted.get("ipRules", [])
        assert isinstance(entries, list)
        kept = [entry for entry in entries if where == "single.add" or entry.get("value") not in _same(text)]
        self._adapter.changed("ipRules", [*kept, {"value": text}] if where == "single.add" else kept)
        return {"accepted": True}

    def _update(self, asked: Asked | None, params: JsonObject, deadline: float) -> JsonObject:
        self._adapter.bring(deadline)
        if asked is None:
            return {"outcome": "inconclusive", "reason": "the file has no request that changes the default action"}
        changed = {
            **self._adapter.wanted,
            **{name: params[name] for name in ("bypass", "defaultAction") if name in params},
        }
        try:
            placeholders = self._form.of(changed, {**self._adapter.values}).placeholders
        except NotExpressible as error:
            return {"outcome": "inconclusive", "reason": str(error)}
        refusal = self._engine.change(asked, {**self._adapter.values, **placeholders}, "single.update", deadline)
        if refusal is not None:
            return refusal.as_result()
        for name in ("bypass", "defaultAction"):
            self._adapter.changed(name, changed.get(name))
        return {"accepted": True}

    def _read(self, read_back: ReadBack, deadline: float) -> JsonObject:
        self._adapter.bring(deadline)
        reply = self._engine.get(read_back.get, read_back.headers, self._adapter.values, deadline)
        try:
            found = value_at(reply.body, read_back.at)
            default = value_at(reply.body, read_back.default) if read_back.default is not None else None
        except NotThere as error:
            expected = "rules where read-back.at is"
            raise Broken(expected=expected, came=str(error), offending=reply.shown(), kind=NotJson) from None
        if read_back.form == "network-acls":
            return {"networkAcls": found}
        if not isinstance(found, list):
            raise Broken(expected="a list of rules where read-back.at is", came=repr(found), offending=reply.shown())
        acls: dict[str, object] = {"ipRules": [{"value": value} for value in found], "virtualNetworkRules": []}
        acls |= {"bypass": self._adapter.wanted.get("bypass")}
        words = {self._form.default_action.allow: "Allow", self._form.default_action.deny: "Deny"}
        if default is not None:
            acls["defaultAction"] = words.get(str(default), default)
        elif self._form.default_action.is_ == "none":
            acls["defaultAction"] = "Deny"
        return {"networkAcls": acls}


def _same(text: str) -> tuple[str, ...]:
    """The rules that are the same as this one: a single address is its /32."""
    return (text, text.removesuffix("/32")) if text.endswith("/32") else (text, f"{text}/32")
