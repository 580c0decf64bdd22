"""A table of ranges in SQLite, asked by one query."""

from fencepost.conformance.peers.structures.databases import in_memory


class Structure:
    """The database, which lives in memory; the vault lets one thread in at a time."""

    def __init__(self) -> None:
        self._database = in_memory()
        self._database.execute("CREATE TABLE ranges (first INTEGER, last INTEGER, PRIMARY KEY (first, last))")

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        last = first + (1 << (32 - length)) - 1
        self._database.execute("INSERT INTO ranges VALUES (?, ?)", (first, last))

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        last = first + (1 << (32 - length)) - 1
        self._database.execute("DELETE FROM ranges WHERE first = ? AND last = ?", (first, last))

    def clear(self) -> None:
        """Take every block out."""
        self._database.execute("DELETE FROM ranges")

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        query = "SELECT count(*) FROM ranges WHERE first <= ? AND last >= ?"
        (count,) = self._database.execute(query, (address, address)).fetchone()
        return bool(count > 0)
