"""A real Chromium for the tests of pages: windows of any width, watched for errors, and checked by axe-core."""

import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

WIDTHS = (320, 768, 1280)
PATIENCE = 60.0
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
needs_axe = pytest.mark.skipif(
    not AXE.exists() and not os.environ.get("CI"), reason="needs axe-core: npm ci --prefix reports"
)


@dataclass(slots=True)
class Browser:
    """A headless Chromium that is spoken to over a pair of pipes, by its DevTools protocol."""

    to: Any
    answers: int
    session: str = ""
    window: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    _number: int = 0
    _rest: bytes = b""

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """The result of a call; what the browser tells meanwhile is kept."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.to.write(json.dumps(message).encode() + b"\0")
        self.to.flush()
        (answer,) = self._until(lambda one: one.get("id") == self._number)
        assert "error" not in answer, answer
        found: dict[str, Any] = answer["result"]
        return found

    def events(self, name: str) -> list[dict[str, Any]]:
        return [one["params"] for one in self.messages if one.get("method") == name]

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE
        while True:
            *whole, self._rest = self._rest.split(b"\0")
            messages = [json.loads(one) for one in whole]
            self.messages += messages
            if found := [one for one in messages if wanted(one)]:
                return found
            ready, _, _ = select.select([self.answers], [], [], max(deadline - time.monotonic(), 0))
            assert ready, "the browser does not answer"
            got = os.read(self.answers, 1 << 20)
            assert got, "the browser has ended"
            self._rest += got

    def wait_for(self, event: str) -> None:
        if not self.events(event):
            self._until(lambda one: one.get("method") == event)

    def evaluate(self, expression: str) -> Any:
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def show(self, page: Path | str, *, width: int = 1280, scheme: str = "light", scripts: bool = True) -> None:
        """Open the page, a file or an address, anew in a window of its own, and close the window before."""
        self.session, before = "", self.window
        self.window = self.call("Target.createTarget", url="about:blank")["targetId"]
        if before:
            self.call("Target.closeTarget", targetId=before)
        self.session = self.call("Target.attachToTarget", targetId=self.window, flatten=True)["sessionId"]
        self.messages = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.messages = []
        self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        self.wait_for("Page.loadEventFired")

    def complaints(self) -> list[dict[str, Any]]:
        names = (
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        )
        return [one for name in names for one in self.events(name)]

    def lacks(self) -> list[Any]:
        """What axe-core finds inaccessible in the page that is shown, everything in it unfolded."""
        self.evaluate("for (const one of document.querySelectorAll('details')) one.open = true; 0")
        self.evaluate(f"{AXE.read_text(encoding='utf-8')}; 0")
        found: list[Any] = self.evaluate(
            "axe.run().then(one => one.violations.map(v => [v.id, v.nodes.map(n => n.html + n.failureSummary)]))"
        )
        return found


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A browser with its profile in the folder; the test is skipped, and fails in CI, where there is none."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("needs chromium, which CI has to install")
        pytest.skip("needs chromium")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    options += ["--disable-background-networking", f"--user-data-dir={folder}", "--remote-debugging-pipe"]
    with ExitStack() as stack:
        commands, to = os.pipe()
        answers, back = os.pipe()
        stack.callback(os.close, answers)
        stream = stack.enter_context(closing(os.fdopen(to, "wb")))
        # Chromium reads its commands from descriptor 3 and answers on 4.
        process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{commands} 4>&{back}', "bash", program, *options],
            pass_fds=(commands, back),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(commands)
        os.close(back)
        stack.callback(process.wait)
        stack.callback(os.killpg, process.pid, signal.SIGKILL)
        yield Browser(to=stream, answers=answers)
