"""What the marker `engine` means here: without the engine a test is skipped with the reason, and fails in CI."""

import importlib.util
import os
from collections.abc import Callable, Mapping

import pytest


def _cedar() -> str | None:
    return None if importlib.util.find_spec("cedarpy") else 'cedarpy is not installed: pip install "fencepost[cedar]"'


_MISSING: Mapping[str, Callable[[], str | None]] = {"cedar": _cedar}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("engine"):
        (name,) = marker.args
        reason = _MISSING[name]()
        if reason is None:
            continue
        if os.environ.get("CI"):
            pytest.fail(f"CI runs every engine, but {reason}", pytrace=False)
        pytest.skip(reason)
