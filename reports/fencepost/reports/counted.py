"""A number with what it counts."""


def counted(number: int, what: str, several: str = "") -> str:
    """The number and the noun, in the plural unless the number is 1; `several` is a plural without an s at its end.

    >>> counted(1, "write"), counted(2_000, "write"), counted(2, "entry", "entries")
    ('1 write', '2,000 writes', '2 entries')
    """
    return f"{number:,} {what if number == 1 else several or f'{what}s'}"
