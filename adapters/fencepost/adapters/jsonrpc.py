"""The JSON-RPC request that every carrier sends, and the check of its answer."""

import json
from collections.abc import Callable, Mapping

import msgspec
from fencepost.adapters.contract.faults import MalformedResult, NotJson, RpcError, WrongId
from fencepost.adapters.contract.protocol import JsonObject

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
_SHOWN = 4096

HARNESS_ERROR = -32000
"""The code of an exception if the harness gives no other code."""


class _Answer(msgspec.Struct):
    id: object = msgspec.UNSET
    result: object = msgspec.UNSET
    error: object = msgspec.UNSET


_decoder = msgspec.json.Decoder(_Answer)


def to_json(value: object) -> bytes:
    r"""The value as JSON in UTF-8 on one line; half a surrogate pair, which UTF-8 lacks, is escaped.

    >>> to_json("\u00e9\x00\ud800")
    b'"\\u00e9\\u0000\\ud800"'
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def from_json(data: bytes) -> object:
    r"""The value of the JSON text; `ValueError` if it is not JSON or not UTF-8.

    >>> from_json(b'["\\ud800", 1e999]')
    ['\ud800', inf]
    """
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return _from_unusual_json(data)


def _from_unusual_json(data: bytes) -> object:
    # JSON allows two things that msgspec refuses: half a surrogate pair, and a number beyond the floats.
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def request(call_id: int, method: str, params: JsonObject) -> bytes:
    """The call as one JSON-RPC object, without a line end."""
    return to_json({"jsonrpc": "2.0", "id": call_id, "method": method, "params": params})


def shown(data: bytes | bytearray) -> str:
    """The bytes as text for a fault: at most its two ends, with non-text bytes escaped."""
    if len(data) > _SHOWN:
        half = _SHOWN // 2
        return f"{shown(data[:half])} … {len(data) - _SHOWN} bytes … {shown(data[-half:])}"
    return data.decode("utf-8", errors="backslashreplace")


def result_of(answer: bytes, *, call_id: int, method: str, show: Callable[[bytes], str] = shown) -> object:
    """The result in the answer; if there is none, the fitting fault is raised.

    An error whose id is null or absent is an error of this call: a harness that could not read it has no id to give.
    Whether the member `jsonrpc` is there is not checked. `show` turns the answer into text for a fault.
    """
    try:
        message = _decoder.decode(answer)
    except (ValueError, RecursionError):
        message = _from_unusual_answer(answer, method, show)
    if message.error not in (msgspec.UNSET, None) and message.id in (call_id, None, msgspec.UNSET):
        raise rpc_error(method, message.error)
    if message.id != call_id or isinstance(message.id, bool):
        came = "an answer without id" if message.id is msgspec.UNSET else f"id {message.id!r}"
        raise WrongId(method=method, expected=f"id {call_id}", came=came, offending=show(answer))
    if message.result is msgspec.UNSET:
        raise MalformedResult(
            method=method, expected="an answer with result or error", came="neither", offending=show(answer)
        )
    return message.result


def _from_unusual_answer(answer: bytes, method: str, show: Callable[[bytes], str]) -> _Answer:
    expected = "one JSON-RPC object"
    try:
        value = _from_unusual_json(answer)
    except UnicodeDecodeError as error:
        raise NotJson(method=method, expected=expected, came=f"no UTF-8 ({error})", offending=show(answer)) from None
    except ValueError as error:
        came = f"no JSON ({error})" if answer.strip() else "an empty line"
        raise NotJson(method=method, expected=expected, came=came, offending=show(answer)) from None
    if not isinstance(value, dict):
        raise NotJson(method=method, expected=expected, came=f"JSON {_kind(value)}", offending=show(answer))
    return _Answer(**{name: value[name] for name in ("id", "result", "error") if name in value})


def rpc_error(method: str, error: object) -> RpcError:
    """The fault of a JSON-RPC error object, which may have any shape."""
    if not isinstance(error, Mapping):
        return RpcError(method=method, expected="a result", came=f"error {error!r}", code=HARNESS_ERROR)
    code, message, data = error.get("code"), error.get("message"), error.get("data")
    traceback = data.get("traceback") if isinstance(data, Mapping) else None
    return RpcError(
        method=method,
        expected="a result",
        came=f"error {code}: {message}",
        offending="" if data is None or isinstance(traceback, str) else repr(data),
        code=code if isinstance(code, int) else HARNESS_ERROR,
        traceback=traceback if isinstance(traceback, str) else "",
    )


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case _:
            return "array"
