"""A database in memory that is closed with its last owner: Python 3.13 warns of a connection that is left open."""

import sqlite3


class _Closing(sqlite3.Connection):
    def __del__(self) -> None:
        self.close()


def in_memory() -> sqlite3.Connection:
    """An empty database that any thread may use, and that writes at once."""
    return sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None, factory=_Closing)
