"""Which tests of the suite stay on one worker of pytest-xdist, by their names: its controller knows nothing else."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from fencepost.conformance.bench.exploration import Exploration
from fencepost.conformance.pytest.suite_collection import clause_of, suite_tests
from fencepost.conformance.run.order import EXPLORATIONS
from xdist.scheduler import LoadGroupScheduling


class ClauseScheduling(LoadGroupScheduling):  # type: ignore[misc]  # pytest-xdist is not typed
    """Like `--dist loadgroup`, but an exploration's clauses stay on one worker, so that it runs once.

    `is_one_place` keeps the whole suite on one worker; a class of the suite always stays on one.
    """

    is_one_place = False

    def _split_scope(self, nodeid: str) -> str:
        found = group_of(nodeid, is_one_place=self.is_one_place)
        return found if found is not None else str(super()._split_scope(nodeid))


def group_of(nodeid: str, *, is_one_place: bool) -> str | None:
    """The group of a test by its node id; None for a test that is not of the suite.

    >>> group_of("test_limits.py::test_lim_2_one_ip_rule_more_is_refused", is_one_place=False)
    'fencepost limits'
    >>> group_of("tests/test_vault.py::TestVault::test_lim_2_one_ip_rule_more_is_refused", is_one_place=False)
    'tests/test_vault.py::TestVault'
    """
    owner, _, name = nodeid.partition("[")[0].rpartition("::")
    tests = suite_tests()
    if name not in tests:
        return None
    if "::" in owner:
        return owner
    return "fencepost" if is_one_place else f"fencepost {homes().get(clause_of(tests[name]) or '', 'ledger')}"


@cache
def homes() -> Mapping[str, str]:
    """Maps each clause to the exploration that owns it: the broad exploration if there is one, else the first.

    A test that serves clauses of two explorations runs on two workers; keeping all connected tests on one worker would
    leave the others with next to nothing.
    """
    serves = {one.name: one.serves for one in EXPLORATIONS}

    def home(clause: str, one: Exploration) -> str:
        return one.in_breadth if clause in serves.get(one.in_breadth, ()) else one.name

    return MappingProxyType({clause: home(clause, one) for one in reversed(EXPLORATIONS) for clause in one.serves})
