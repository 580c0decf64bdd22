"""Replace the patterns of an ACL of a running HAProxy by those of a file, in one step, over its runtime socket.

`haproxy_socket.py SOCKET FILE`: HAProxy names the ACL by the FILE that it was read from. Where HAProxy refuses a
pattern, the program ends with 3 and HAProxy's message; the old patterns then stay in force.
"""

import re
import socket
import sys
from pathlib import Path

_AT_ONCE = 64
"""As many commands are sent in a line, of which HAProxy reads at most 16 kB."""


def main(path: str, file: str) -> int:
    """Prepare a version, add the patterns to it, commit it."""
    patterns = Path(file).read_text(encoding="ascii").split()
    version = re.search(r"\d+", _response(path, f"prepare acl {file}"))
    if version is None:
        raise SystemExit(f"no new version of {file}")
    for start in range(0, len(patterns), _AT_ONCE):
        added = [f"add acl @{version[0]} {file} {pattern}" for pattern in patterns[start : start + _AT_ONCE]]
        if refused := _response(path, ";".join(added)):
            sys.stderr.write(refused)
            return 3
    sys.stderr.write(_response(path, f"commit acl @{version[0]} {file}"))
    return 0


def _response(path: str, command: str) -> str:
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(10)
        one.connect(path)
        one.sendall(f"{command}\n".encode("ascii"))
        return b"".join(iter(lambda: one.recv(4096), b"")).decode("utf-8", errors="backslashreplace").strip()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
