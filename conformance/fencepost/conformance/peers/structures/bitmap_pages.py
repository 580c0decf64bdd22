"""Bitmaps: one of all /16 that are covered as a whole, and one for each /16 that is covered in part."""


class Structure:
    """The blocks up to /16 with their bitmap, and the longer ones by page, each page with its bitmap."""

    def __init__(self) -> None:
        self._large: list[tuple[int, int]] = []
        self._whole = 0
        self._small: dict[int, list[tuple[int, int]]] = {}
        self._pages: dict[int, int] = {}

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        page, offset = first >> 16, first & 65535
        if length <= 16:
            self._large.append((first, length))
            self._whole |= self._ones(page, 16 - length)
        else:
            self._small.setdefault(page, []).append((first, length))
            self._pages[page] = self._pages.get(page, 0) | self._ones(offset, 32 - length)

    def remove(self, first: int, length: int) -> None:
        """Take the block out, and draw the bitmap of what is left anew."""
        page = first >> 16
        if length <= 16:
            self._large.remove((first, length))
            self._whole = 0
            for start, size in self._large:
                self._whole |= self._ones(start >> 16, 16 - size)
        else:
            left = list(self._small[page])
            left.remove((first, length))
            self._small[page] = left
            self._pages[page] = 0
            for start, size in left:
                self._pages[page] |= self._ones(start & 65535, 32 - size)

    def clear(self) -> None:
        """Take every block out."""
        self._large.clear()
        self._whole = 0
        self._small.clear()
        self._pages.clear()

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        page, offset = address >> 16, address & 65535
        return bool((self._whole >> page | self._pages.get(page, 0) >> offset) & 1)

    def _ones(self, start: int, power: int) -> int:
        """So many bits as the power of two, from the start on."""
        return (1 << (1 << power)) - 1 << start
