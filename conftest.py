"""What holds for all tests: the marker `engine`, Hypothesis, which tests stay on one worker, and what programs inherit.

Without its engine a test is skipped with the reason, and fails in CI.
"""

import importlib.util
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from fencepost.adapters.any_ip import search_path, what_is_missing
from hypothesis import Phase, settings

# No test fails for being slow. A failure is shown by its smallest example alone: explaining it would take four times as
# long as finding it, in every `find` too.
settings.register_profile(
    "fencepost", deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
)
settings.load_profile("fencepost")


def _cedar() -> str | None:
    return None if importlib.util.find_spec("cedarpy") else 'cedarpy is not installed: pip install "fencepost[cedar]"'


def _azure() -> str | None:
    missing = [name for name in ("azure.identity", "azure.mgmt.keyvault", "aiohttp") if not _is_there(name)]
    return f'{missing[0]} is not installed: pip install "fencepost[azure]"' if missing else None


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of the package that it is in
        return False


# Its modules import the SDKs; where these are missing, none of them can be imported for its doctests.
collect_ignore = ["adapters/fencepost/adapters/azure_client"] if _azure() else []


def _any_ip() -> str | None:
    missing = what_is_missing()
    return None if missing is None else str(missing)


def _program(name: str, package: str) -> Callable[[], str | None]:
    path = search_path()
    return lambda: None if shutil.which(name, path=path) else f"{name} is not installed: apt-get install {package}"


def _of_extra(program: str, extra: str) -> Callable[[], str | None]:
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
    missing = f'{program} is not installed: pip install "fencepost[{extra}]"'
    return lambda: None if shutil.which(program, path=path) else missing


_MISSING: Mapping[str, Callable[[], str | None]] = {
    "azure": _azure,
    "cedar": _cedar,
    "nginx": _program("nginx", "nginx-light"),
    "any-ip": _any_ip,
    "grepcidr": _program("grepcidr", "grepcidr"),
    "postfix": _program("postmap", "postfix"),
    "c": _program("cc", "gcc libc6-dev"),
    "curl": _program("curl", "curl"),
    "csharp": _program("mcs", "mono-mcs mono-runtime"),
    "go": _program("go", "golang-go"),
    "java": _program("javac", "default-jdk-headless"),
    "rust": _program("rustc", "rustc"),
    "node": _program("node", "nodejs"),
    "caddy": _program("caddy", "caddy"),
    "haproxy": _program("haproxy", "haproxy"),
    "nftables": _program("nft", "nftables"),
    "dask": _of_extra("dask", "dask"),
    "mkdocs": _of_extra("mkdocs", "docs"),
    "schemas": _of_extra("kubernetes-validate", "ci"),
    "schemathesis": _of_extra("schemathesis", "fuzz"),
}


def pytest_configure(config: pytest.Config) -> None:
    """Compile the kit once for all programs that tests start, though the environment wants nothing in the tree.

    A pytest that a test starts has all the time that it takes: only this run's workers are to skip tests.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.pop("FENCEPOST_SECONDS_FOR_TESTS", None)
    cache = getattr(config, "cache", None)  # `-p no:cacheprovider` leaves it out
    if cache is not None and os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(cache.mkdir("compiled"))


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep the tests of files with one marker `xdist_group` on one worker: what they share is made once.

    pytest 9.2 does not let pytest-xdist 3.8 write the group into the ids of tests, by which it would find the group.
    """
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByGroupOfFile(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist is not typed
        def _split_scope(self, nodeid: str) -> str:
            return _group_of(config.rootpath / nodeid.partition("::")[0]) or nodeid

    return ByGroupOfFile(config, log)


@cache
def _group_of(file: Path) -> str | None:
    """The group that a file of tests gives in its marker."""
    text = file.read_text(encoding="utf-8") if file.name.startswith("test_") else ""
    found = re.search(r'pytest\.mark\.xdist_group\("([^"]+)"\)', text)
    return found and found[1]


_UNTIL = time.monotonic() + float(os.environ.get("FENCEPOST_SECONDS_FOR_TESTS", "inf"))
"""From then on tests are skipped: .ci/run asks so of slow tests, which take the time that it has left."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test for which there is no time, or whose engine is missing; in CI the engine's lack is a failure."""
    if time.monotonic() > _UNTIL:
        pytest.skip("no time is left for it")
    for marker in item.iter_markers("engine"):
        (name,) = marker.args
        reason = _MISSING[name]()
        if reason is None:
            continue
        if os.environ.get("CI"):
            pytest.fail(f"CI runs every engine, but {reason}", pytrace=False)
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def _no_width_of_somebodys_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What commands print is as wide as a pipe, wherever the tests run."""
    monkeypatch.delenv("COLUMNS", raising=False)
