"""Subject strings: which carrier or adapter a string names, and what is said where it names none."""

from importlib.metadata import entry_points

import pytest
from fencepost.adapters import http, library, stdio
from fencepost.adapters.contract import Carrier, Connection, SubjectError, Timeouts, adapters, carriers, open_subject
from fencepost.adapters.http import HttpConnection
from fencepost.adapters.library import LibraryConnection
from fencepost.adapters.stdio import StdioConnection

CARRIERS: tuple[Carrier, ...] = (stdio.connect, http.connect, http.connect_secure, library.connect)
"""The type checker proves that each carrier keeps the protocol."""


def test_the_carriers_are_found_by_entry_point() -> None:
    names = ("stdio", "http", "https", "library")
    assert tuple(carriers()[name].load() for name in names) == CARRIERS
    assert set(adapters()) == {point.name for point in entry_points(group="fencepost.adapters")}


@pytest.mark.parametrize(
    ("subject", "kind", "exclusive"),
    [
        ("stdio:node harness.mjs", StdioConnection, False),
        ("http://127.0.0.1:9/harness", HttpConnection, True),
        ("https://vault.example:8443/", HttpConnection, True),
        ("library:collections:OrderedDict", LibraryConnection, False),
    ],
)
def test_the_word_before_the_colon_chooses_the_carrier(subject: str, kind: type[Connection], exclusive: bool) -> None:
    connection = open_subject(subject, timeouts=Timeouts())
    assert isinstance(connection, kind)
    assert connection.exclusive is exclusive
    assert connection.log() == ""
    connection.close()


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("", "Known: "),
        ("studio:node harness.mjs", "Did you mean 'stdio'?"),
        ("ftp://vault.example/", "no carrier or adapter is called 'ftp'"),
        ("libary:package:NAME", "Did you mean 'library'?"),
        ("mutants:deny-all", "Did you mean 'mutant'"),
    ],
)
def test_a_string_that_names_nothing_is_told_the_near_misses(subject: str, words: str) -> None:
    with pytest.raises(SubjectError) as caught:
        open_subject(subject)
    assert words in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("./harness.py", "Did you mean 'stdio:./harness.py', which starts it as a program, or 'library:harness:NAME'"),
        ("harness.py", "Did you mean 'stdio:./harness.py', which starts it as a program, or 'library:harness:NAME'"),
        ("build/harness", "Did you mean 'stdio:build/harness', which starts it as a program?"),
        (
            "some/target.toml",
            "Did you mean 'rest:some/target.toml', 'cli:some/target.toml' or 'azure:some/target.toml'?",
        ),
    ],
)
def test_a_path_alone_gets_the_subjects_that_may_be_meant(path: str, meant: str) -> None:
    with pytest.raises(SubjectError) as caught:
        open_subject(path)
    assert meant in str(caught.value)
