"""A scan behind a cache of the last answers: an added block makes denials stale, a removed one makes admissions so."""

from collections import OrderedDict

CAPACITY = 64


class Structure:
    """The blocks, and the answers to the addresses that were asked last, the latest at the end."""

    def __init__(self) -> None:
        self._blocks: set[tuple[int, int]] = set()
        self._answers: OrderedDict[int, bool] = OrderedDict()

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        self._blocks.add((first, length))
        self._forget(answer=False)

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        self._blocks.remove((first, length))
        self._forget(answer=True)

    def clear(self) -> None:
        """Take every block out."""
        self._blocks.clear()
        self._answers.clear()

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        if address in self._answers:
            self._answers.move_to_end(address)
            return self._answers[address]
        answer = self._scan(address)
        self._answers[address] = answer
        if len(self._answers) > CAPACITY:
            self._answers.popitem(last=False)
        return answer

    def _scan(self, address: int) -> bool:
        for first, length in self._blocks:  # noqa: SIM110 - a loop has more places to go wrong
            if first <= address < first + (1 << (32 - length)):
                return True
        return False

    def _forget(self, *, answer: bool) -> None:
        for address, known in list(self._answers.items()):
            if known == answer:
                del self._answers[address]
