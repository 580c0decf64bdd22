"""Answers on Azure's wire: a body with its status and headers, and the errors as the service shapes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SERVICE_VERSION = "fencepost"
"""The version of the service, in a header of every answer about a vault."""

BROKEN_SUBJECT = "FencepostSubjectBroken"
"""The code of a 500: the subject did not answer as the contract says. Nothing else is a 500."""

INCONCLUSIVE = "FencepostInconclusive"
"""The code of a 503: the subject could not put the request, or the write, as asked."""

UNWRITTEN = "FencepostStateNotWritten"
"""The code of a 503: the change is made, but the state file does not take it."""

OPEN_POINT = "x-fencepost-open-point"
"""The header that names what nobody knows and serve chose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP response; `body` is a JSON value, None for an empty body."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def with_headers(self, more: Mapping[str, str]) -> "Answer":
        """The same with more headers."""
        return Answer(status=self.status, body=self.body, headers={**self.headers, **more})

    @property
    def code(self) -> str:
        """The error's code, its inner code if it has any; empty if it is no error."""
        error = self.body.get("error") if isinstance(self.body, Mapping) else None
        if not isinstance(error, Mapping):
            return ""
        inner = error.get("innererror")
        return str(inner["code"] if isinstance(inner, Mapping) else error.get("code", ""))


@dataclass(kw_only=True, eq=False)
class Refusal(Exception):
    """The request ends here, with this answer."""

    answer: Answer

    def __str__(self) -> str:
        return f"{self.answer.status} {self.answer.code}"


def refusal(
    status: int, code: str, message: str, *, inner: str | None = None, headers: Mapping[str, str] | None = None
) -> Refusal:
    """The refusal that carries an error body of Azure's kind."""
    error: dict[str, object] = {"code": code, "message": message}
    if inner is not None:
        error["innererror"] = {"code": inner}
    return Refusal(answer=Answer(status=status, body={"error": error}, headers=headers or {}))


def bad_request(message: str) -> Refusal:
    """A 400 as Key Vault's resource provider gives it."""
    return refusal(400, "BadRequest", message)


def not_found(what: str, *, group: str | None = None) -> Refusal:
    """A 404 as Resource Manager gives it."""
    where = "" if group is None else f" under resource group '{group}'"
    return refusal(404, "ResourceNotFound", f"The Resource '{what}'{where} was not found.")
