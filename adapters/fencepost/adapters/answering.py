"""The server side of JSON-RPC: answers a message with the subject's result."""

from collections.abc import Callable, Mapping

from fencepost.adapters import jsonrpc
from fencepost.adapters.contract.faults import HarnessFault, RpcError
from fencepost.adapters.contract.protocol import JsonObject

Call = Callable[[str, JsonObject], object]
"""A function that carries out a call: `Connection.call`, or the same under a lock."""


def answer(message: bytes, call: Call) -> bytes | None:
    """The answer to one message, as one line without its end; None to a notification, which has no id.

    `shutdown` is answered here and not passed on: the subject is shut down when its server ends.
    """
    try:
        asked = jsonrpc.from_json(message)
    except ValueError as error:
        return _error(None, jsonrpc.PARSE_ERROR, f"not JSON: {error}")
    if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
        return _error(None, jsonrpc.INVALID_REQUEST, "not one JSON-RPC request object")
    answered = _carry_out(asked["method"], asked.get("params", {}), asked.get("id"), call)
    return answered if "id" in asked else None


def _carry_out(method: str, params: object, call_id: object, call: Call) -> bytes:
    if not isinstance(params, Mapping):
        return _error(call_id, jsonrpc.INVALID_PARAMS, "params must be an object")
    if method == "shutdown":
        return _result(call_id, {})
    try:
        return _result(call_id, call(method, params))
    except RpcError as fault:
        return _error(call_id, fault.code, fault.came, traceback=fault.traceback)
    except HarnessFault as fault:
        return _error(call_id, jsonrpc.HARNESS_ERROR, str(fault))


def _result(call_id: object, result: object) -> bytes:
    return jsonrpc.to_json({"jsonrpc": "2.0", "id": call_id, "result": result})


def _error(call_id: object, code: int, message: str, *, traceback: str = "") -> bytes:
    error: dict[str, object] = {"code": code, "message": message}
    if traceback:
        error["data"] = {"traceback": traceback}
    return jsonrpc.to_json({"jsonrpc": "2.0", "id": call_id, "error": error})
