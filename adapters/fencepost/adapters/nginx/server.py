"""The nginx process: starts it in its own folder, loads rules until only they are in force, and ends it."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from fencepost.adapters.nginx.configuration import configuration
from fencepost.adapters.nginx.exchange import NotHttp, NotSent, Question, Reply, ask
from fencepost.adapters.nginx.vantage import Vantage, search_path

PATIENCE = 5.0
"""Time limit, in seconds, for a server to start or to take new rules."""

PROBE = Question(address="20.0.0.1", path="/control/VaultGet")
"""A request that no rule can refuse and that every vantage can send."""

Change: TypeAlias = Literal["reload", "restart"]
"""How a running server gets new rules."""

_PAUSE = 0.001
_THREAD = "fencepost-nginx"
_R = TypeVar("_R")


@dataclass(kw_only=True, eq=False)
class NginxError(RuntimeError):
    """nginx did not do what it was asked to; `log` is its own log of the failure."""

    wanted: str
    log: str

    def __str__(self) -> str:
        """What was wanted, and nginx's own log."""
        return f"nginx did not {self.wanted}: {self.log.strip() or 'its log is empty'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One installed nginx: the program, its version, and its modules that need a folder for temporary files."""

    program: str
    version: str
    modules: tuple[str, ...]


def find_build() -> Build | None:
    """The nginx of this machine; None if there is none."""
    program = shutil.which("nginx", path=search_path())
    if program is None:
        return None
    said = subprocess.run([program, "-V"], capture_output=True, text=True, check=True).stderr
    version = said.partition("nginx/")[2].split(None, 1)[0]
    modules = (name for name in ("proxy", "fastcgi", "uwsgi", "scgi") if f"--without-http_{name}_module" not in said)
    return Build(program=program, version=version, modules=tuple(modules))


class Server:
    """One running nginx and the thread that starts and asks it; ended by `close`, at the latest when Python ends.

    All network access happens in that thread, since a network namespace belongs to a thread. New rules are taken by a
    reload, or, with `change` "restart", by ending this nginx and starting another.
    """

    def __init__(self, build: Build, make_vantage: Callable[[Path], Vantage], change: Change = "reload") -> None:
        self._build = build
        self._change = change
        self._generation = 0
        self._rules: tuple[str, ...] = ()
        self._worker: int | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="fencepost-")).resolve()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=_THREAD)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.close = weakref.finalize(self, _end, self._processes, self._thread, self._folder)
        self._vantage = make_vantage(self._folder)
        try:
            self._inside(self._start)
        except BaseException:
            self.close()
            raise

    @property
    def rules(self) -> tuple[str, ...]:
        """The access directives in force."""
        return self._rules

    @property
    def vantage(self) -> str:
        """How callers' addresses reach the server, in a few words."""
        return self._vantage.label

    @property
    def change(self) -> Change:
        """How the server gets new rules."""
        return self._change

    def load(self, rules: Sequence[str]) -> None:
        """Put these access directives in force; afterwards no process answers by the old directives.

        `NginxError` with nginx's own message if it refuses the configuration; the old configuration then stays.
        """
        self._inside(lambda: self._load(tuple(rules)))

    def ask(self, questions: Sequence[Question]) -> list[Reply | NotSent]:
        """One reply for each question, in order, by the rules in force; `NginxError` for a reply by other rules."""
        replies = self._inside(lambda: ask(questions, self._vantage))
        for reply in replies:
            if isinstance(reply, Reply) and reply.generation != self._generation:
                raise NginxError(wanted=f"answer by configuration {self._generation}", log=f"it answered {reply}")
        return replies

    def _inside(self, work: Callable[[], _R]) -> _R:
        return self._thread.submit(work).result()

    def _start(self) -> None:
        self._vantage.enter()
        files = self._folder / "files"
        files.mkdir()
        (files / "empty").touch()
        self._write((), 1)
        self._spawn()
        self._settle(1)

    def _load(self, rules: tuple[str, ...]) -> None:
        generation = self._generation + 1
        self._write(rules, generation)
        how = ("-s", "reload") if self._change == "reload" else ("-t", "-q")
        done = subprocess.run([*self._command(), *how], cwd=self._folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NginxError(wanted="take the configuration", log=done.stderr)
        if self._change == "restart":
            _stop(self._processes)
            self._spawn()
        self._settle(generation)
        self._rules = rules

    def _spawn(self) -> None:
        with (self._folder / "start.log").open("wb") as log:
            process = subprocess.Popen(
                [*_ended_with_this_thread(), *self._command()],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        self._processes.append(process)

    def _settle(self, generation: int) -> None:
        """Wait until a new worker answers by this configuration and the old workers have gone."""
        deadline = time.monotonic() + PATIENCE
        while True:
            reply = self._probe()
            new = reply is not None and reply.generation == generation
            if reply is not None and new and reply.worker != self._worker and not _alive(self._worker):
                if reply.status != 200:
                    raise NginxError(wanted="let the control plane through", log=f"it answered {reply}")
                self._generation, self._worker = generation, reply.worker
                return
            if any(process.poll() is not None for process in self._processes):
                raise NginxError(wanted="stay up", log=self._log())
            if time.monotonic() > deadline:
                raise NginxError(wanted=f"take its rules within {PATIENCE} s", log=self._log())
            time.sleep(_PAUSE)

    def _probe(self) -> Reply | None:
        try:
            (reply,) = ask([PROBE], self._vantage)
        except (OSError, NotHttp):
            return None
        return reply if isinstance(reply, Reply) else None

    def _write(self, rules: Sequence[str], generation: int) -> None:
        text = configuration(
            rules=rules,
            generation=generation,
            listen=self._vantage.listen,
            modules=self._build.modules,
            user=_own_name() if os.geteuid() == 0 else "",
        )
        new = self._folder / "new.conf"
        new.write_text(text, encoding="ascii")
        new.replace(self._folder / "nginx.conf")

    def _command(self) -> list[str]:
        return [self._build.program, "-e", "stderr", "-p", f"{self._folder}/", "-c", "nginx.conf"]

    def _log(self) -> str:
        logs = (self._folder / name for name in ("start.log", "error.log"))
        return "".join(log.read_text(errors="replace")[-2000:] for log in logs if log.exists())


def _ended_with_this_thread() -> list[str]:
    """A prefix that makes the kernel end the server when this thread ends, even by a kill; empty if not available."""
    program = shutil.which("setpriv", path=search_path())
    return [program, "--pdeathsig", "TERM"] if program else []


def _own_name() -> str:
    """Our user and group by name: workers of root would run as nobody, who may not read the server's folder."""
    import grp
    import pwd

    return f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"


def _alive(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    while processes:
        process = processes[-1]
        process.terminate()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        processes.remove(process)


def _end(processes: list[subprocess.Popen[bytes]], thread: ThreadPoolExecutor, folder: Path) -> None:
    # If this thread held the last reference to the server, it cannot wait for itself.
    thread.shutdown(wait=not threading.current_thread().name.startswith(_THREAD))
    _stop(processes)
    shutil.rmtree(folder, ignore_errors=True)
