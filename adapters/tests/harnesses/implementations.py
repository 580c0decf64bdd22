"""Implementations as Python objects, each with one way of its own, for the library carrier and the server."""

import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import NoReturn


class Echo:
    """Answers with what it was given; a shortest implementation otherwise."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.number = type(self).made
        self.profile = "keyvault"
        self.seen: list[object] = []

    def describe(self, *, protocol: int) -> dict[str, object]:
        return {
            "protocol": protocol,
            "name": f"echo {self.number}",
            "version": "1",
            "profile": self.profile,
            "features": [],
        }

    def reset(self, *, subnets: Sequence[object]) -> dict[str, object]:
        return {"subnets": subnets, "thread": threading.current_thread().name}

    def put_rules(self, *, network_acls: object) -> dict[str, object]:
        self.seen.append(network_acls)
        return {"accepted": True, "message": network_acls}

    def decide(self, *, requests: Sequence[object]) -> dict[str, object]:
        return {"decisions": ["allow" for _ in requests]}

    def add_virtual_network_rule(self, **members: object) -> dict[str, object]:
        return {"accepted": True, "message": members}

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> dict[str, object]:
        return {"was": [subnet, service_endpoints]}

    def close(self) -> NoReturn:
        raise AssertionError("no method of the contract")


class Meddling(Echo):
    """Changes what it is given, and later what it has answered."""

    def put_rules(self, *, network_acls: object) -> dict[str, object]:
        assert isinstance(network_acls, dict)
        network_acls["ipRules"].append("meddled")
        self.seen.append(network_acls)
        return {"accepted": True, "message": self.seen}


class Failing(Echo):
    """Fails in the way that the first subnet is called."""

    def reset(self, *, subnets: Sequence[object]) -> dict[str, object]:
        match subnets[0]:
            case "exit":
                sys.exit(7)
            case "interrupt":
                raise KeyboardInterrupt
            case "attribute":
                return {"x": self.no_such_attribute}  # type: ignore[attr-defined]  # the point
            case "set":
                return {"x": {1, 2}}
            case "nan":
                return {"x": float("nan")}
            case "circle":
                circle: dict[str, object] = {}
                circle["x"] = circle
                return circle
            case "deep":
                deep: dict[str, object] = {}
                for _ in range(50_000):  # deeper than any version of Python lets a decoder go
                    deep = {"x": deep}
                return deep
            case "bytes":
                return {"x": b"bytes"}
            case "long":
                return {"x": "x" * (17 * 1024 * 1024)}
            case "hang":
                time.sleep(1.5)
                return {}
            case _:
                raise LookupError(f"no such thing as {subnets[0]}")


class Leaving(Echo):
    """Writes a file when it is shut down."""

    exclusive = True

    def __init__(self) -> None:
        super().__init__()
        self.book = os.environ["LEAVING_BOOK"]

    def reset(self, *, subnets: Sequence[object]) -> dict[str, object]:
        if subnets:
            time.sleep(0.8)
        return {}

    def shutdown(self) -> dict[str, object]:
        with open(self.book, "a") as book:  # noqa: PTH123 - as an implementation might
            book.write(f"echo {self.number} left\n")
        return {}


class Meeting(Echo):
    """Two callers must meet in `decide`: it answers when both are there."""

    def __init__(self) -> None:
        super().__init__()
        self._barrier = threading.Barrier(2, timeout=10)

    def describe(self, *, protocol: int) -> dict[str, object]:
        return {**super().describe(protocol=protocol), "features": ["snapshot-isolation"]}

    def decide(self, *, requests: Sequence[object]) -> dict[str, object]:
        self._barrier.wait()
        return super().decide(requests=requests)


class Printing(Echo):
    """Prints to stdout, where the contract is spoken."""

    def decide(self, *, requests: Sequence[object]) -> dict[str, object]:
        print("deciding", len(requests))  # noqa: T201 - the flaw
        os.system("echo from a child")
        return super().decide(requests=requests)


class Unmakeable:
    """Cannot be made."""

    def __init__(self) -> None:
        raise OSError("no disk")


class Hanging:
    """Is never made."""

    def __init__(self) -> None:
        time.sleep(1.5)


class Shelf:
    """Holds an implementation under a dotted name."""

    echo = Echo


def made_by_a_function() -> Echo:
    return Echo()


ready_made = Echo()
not_an_implementation: Mapping[str, str] = {}
