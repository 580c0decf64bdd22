"""A long random run of the original against a mutant, matcher to matcher, which borrows nothing of the suite."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

from fencepost.conformance.peers.structures.matcher import Matcher

WORLDS = 1_500
_PRIVATE = ((10 << 24, 8), ((172 << 24) + (16 << 16), 12), ((192 << 24) + (168 << 16), 16))

Step = tuple[str, int, int]
"""`add` or `remove` with a block, `ask` with an address and 32, or `clear`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A history without needless steps after which the two differ, and what the mutant did: an answer, or an error."""

    history: tuple[Step, ...]
    mutant: str

    def __str__(self) -> str:
        return f"{'; '.join(_in_words(step) for step in self.history)}: {self.mutant}"


def difference(original: Callable[[], Matcher], mutant: Callable[[], Matcher], *, seed: int) -> Difference | None:
    """A difference, or None where so many random worlds show none."""
    random = Random(seed)
    for _ in range(WORLDS):
        history = list(_world(random))
        shown = _differs(history, original, mutant)
        if shown is not None:
            return _shortest(history, original, mutant)
    return None


def _world(random: Random) -> Iterator[Step]:
    """Blocks around a few addresses come and go, and addresses in and beside them are asked."""
    centres = [random.getrandbits(32) for _ in range(random.randint(1, 3))]
    pool = list({_block(random, centres) for _ in range(random.choice((2, 4, 8, 40)))})
    pool = [block for block in pool if not _is_private(block)]
    held: set[tuple[int, int]] = set()
    for _ in range(random.choice((6, 20, 80))):
        kind = random.random()
        if kind < 0.02:
            held.clear()
            yield "clear", 0, 0
        elif kind < 0.5 and pool:
            block = random.choice(pool)
            yield ("remove" if block in held else "add"), *block
            held ^= {block}
        elif held and random.random() < 0.8:
            first, length = random.choice(sorted(held))
            last = first + (1 << (32 - length)) - 1
            at = random.choice((first - 1, first, last, last + 1, random.randint(first, last)))
            yield "ask", at & 0xFFFFFFFF, 32
        else:
            yield "ask", random.choice((random.getrandbits(32), *centres)), 32


def _block(random: Random, centres: Sequence[int]) -> tuple[int, int]:
    length = random.randint(0, 32)
    address = random.choice(centres) ^ (random.getrandbits(2) << max(0, 31 - length)) & 0xFFFFFFFF
    return address >> (32 - length) << (32 - length), length


def _is_private(block: tuple[int, int]) -> bool:
    first, length = block
    return any(length >= size and first >> (32 - size) == base >> (32 - size) for base, size in _PRIVATE)


def _differs(
    history: Sequence[Step], original: Callable[[], Matcher], mutant: Callable[[], Matcher]
) -> tuple[int, str] | None:
    """The place of the first step at which the two differ, and what the mutant did there."""
    right = original()
    try:
        wrong = mutant()
    except Exception as error:  # A mutant may do anything.
        return 0, f"cannot be made: {error!r}"
    for place, (call, first, length) in enumerate(history):
        expected = _step(right, call, first, length)
        try:
            answer = _step(wrong, call, first, length)
        except Exception as error:  # The same.
            return place, f"raises {type(error).__name__}"
        if bool(answer) != expected:
            return place, "admits" if answer else "denies"
    return None


def _step(matcher: Matcher, call: str, first: int, length: int) -> bool:
    match call:
        case "add":
            matcher.add(first, length)
        case "remove":
            matcher.remove(first, length)
        case "clear":
            matcher.clear()
        case _:
            return matcher.covers(first)
    return False


def _shortest(history: list[Step], original: Callable[[], Matcher], mutant: Callable[[], Matcher]) -> Difference:
    """The history without each step, and each two steps, that it can do without."""
    found = _differs(history, original, mutant)
    assert found is not None
    history = history[: found[0] + 1]
    left = _cuts(len(history))
    while cut := next(left, None):
        shorter = [step for place, step in enumerate(history) if place not in cut]
        shown = _differs(shorter, original, mutant) if _is_lawful(shorter) else None
        if shown is not None:
            history, found = shorter[: shown[0] + 1], shown
            left = _cuts(len(history))
    return Difference(history=tuple(history), mutant=found[1])


def _cuts(length: int) -> Iterator[tuple[int, ...]]:
    yield from ((place,) for place in range(length))
    yield from combinations(range(length), 2)


def _is_lawful(history: Sequence[Step]) -> bool:
    held: set[tuple[int, int]] = set()
    for call, first, length in history:
        if call in {"add", "remove"}:
            if ((first, length) in held) != (call == "remove"):
                return False
            held ^= {(first, length)}
        elif call == "clear":
            held.clear()
    return True


def _in_words(step: Step) -> str:
    call, first, length = step
    dotted = ".".join(str(first >> shift & 255) for shift in (24, 16, 8, 0))
    return call if call == "clear" else f"{call} {dotted}" if call == "ask" else f"{call} {dotted}/{length}"
