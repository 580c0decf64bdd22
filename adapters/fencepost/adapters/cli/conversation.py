"""A tool that stays: lines to its input, one line back for each; started anew when it has died."""

import contextlib
import os
import select
import threading
import time
from collections.abc import Sequence

from fencepost.adapters.contract.faults import Crashed, TimedOut
from fencepost.adapters.contract.vocabulary import MAX_LINE
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.processes import ProcessGroup

_CHUNK = 65536
_GLANCE = 0.05
_GRACE = 0.5


class Conversation:
    """One running process. Any fault ends it; `Broken` says how it ended and what it wrote to stderr."""

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group
        self._in, self._out = self._group.stdin.fileno(), self._group.stdout.fileno()
        for descriptor in (self._in, self._out):
            os.set_blocking(descriptor, False)
        self._received = bytearray()

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return not self._group.wait(0)

    def end(self) -> None:
        """End it and whatever it has started."""
        self._group.end()

    def lines(self, sent: Sequence[str], wanted: int, deadline: float) -> list[str]:
        """Send the lines, and read so many; `Broken` where they do not come in time."""
        unsent = memoryview("\n".join([*sent, ""]).encode("utf-8"))
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        if unsent:
            poll.register(self._in, select.POLLOUT)
        ended, missing = False, wanted - self._received.count(b"\n")
        while missing > 0 or unsent:
            left = deadline - time.monotonic()
            ready = poll.poll(0 if ended else max(0.0, min(left, _GLANCE)) * 1000)
            if not ready:
                if ended:
                    raise self._died()
                if left <= 0:
                    raise self._late(missing)
                ended = self._group.wait(0)
            for descriptor, _ in ready:
                if descriptor == self._in:
                    unsent = self._group.write(unsent)
                    if not unsent:
                        poll.unregister(self._in)
                elif chunk := os.read(self._out, _CHUNK):
                    self._received += chunk
                    missing -= chunk.count(b"\n")
                    if len(self._received) - self._received.rfind(b"\n") - 1 > MAX_LINE:
                        raise Broken(expected=f"a line of at most {MAX_LINE} bytes", came="a longer one")
                else:
                    raise self._died()
        return self._whole(wanted)

    def write_and_read(self, text: bytes, lines: int) -> list[bytes]:
        """Write the text, and read so many lines, whatever they say."""
        received = bytearray()
        for descriptor in (self._in, self._out):
            os.set_blocking(descriptor, True)
        writer = threading.Thread(target=_write_all, args=(self._in, text))
        writer.start()
        while lines > 0 and (chunk := os.read(self._out, _CHUNK)):
            received += chunk
            lines -= chunk.count(b"\n")
        writer.join()
        for descriptor in (self._in, self._out):
            os.set_blocking(descriptor, False)
        return bytes(received).split(b"\n")

    def _whole(self, most: int) -> list[str]:
        """The first so many lines of what has been received."""
        *whole, rest = bytes(self._received).split(b"\n", most)
        self._received[:] = rest
        texts = {line: line.decode("utf-8", errors="backslashreplace").rstrip("\r") for line in set(whole)}
        return [texts[line] for line in whole]

    def _died(self) -> Broken:
        ended = self._group.wait(_GRACE)
        with contextlib.suppress(OSError):
            self._group.end()
        how = self._group.exit_story() if ended else "the process went on running"
        return Broken(
            expected="an answer",
            came=f"the end of its output ({how})",
            offending=self._group.said(),
            kind=Crashed,
        )

    def _late(self, missing: int) -> Broken:
        came = f"{missing} of its lines missing"
        if self._received:
            came += f", after {bytes(self._received[:200])!r} without a line end"
        return Broken(expected="one line for each line that was sent, in time", came=came, kind=TimedOut)


def _write_all(descriptor: int, text: bytes) -> None:
    left = memoryview(text)
    while left:
        left = left[os.write(descriptor, left) :]
