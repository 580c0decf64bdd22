"""Ask libwrap by hosts_ctl(3): `hosts_ctl.py FOLDER` reads `ask ADDRESS` lines. FOLDER holds hosts.allow and deny."""

import ctypes
import sys
from pathlib import Path

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "hosts.deny").write_text("ALL: ALL\n", encoding="ascii")
    libwrap = ctypes.CDLL("libwrap.so.0")
    tables = {name: ctypes.create_string_buffer(bytes(folder / f"hosts.{name}")) for name in ("allow", "deny")}
    for name, path in tables.items():
        ctypes.c_void_p.in_dll(libwrap, f"hosts_{name}_table").value = ctypes.addressof(path)
    for line in sys.stdin:
        address = line.split()[1].encode("ascii")
        sys.stdout.write("yes\n" if libwrap.hosts_ctl(b"vault", b"unknown", address, b"unknown") else "no\n")
        sys.stdout.flush()
