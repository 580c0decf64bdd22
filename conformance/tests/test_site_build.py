"""The documentation site: built without a network, without anything from elsewhere; read on a phone and searched."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from chromium import Browser, chromium
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands.site import write_site

pytestmark = [pytest.mark.engine("mkdocs"), pytest.mark.slow, pytest.mark.xdist_group("site-build")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write_site(folder)
    command = [str(Path(sys.executable).parent / "mkdocs"), "build", "--strict", "-f", str(folder / "mkdocs.yml")]
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, env=os.environ | nowhere, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_site_is_built_offline_with_warnings_as_errors(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(catalogue().clauses) + 30
    for page in pages:
        loaded = re.findall(
            r"<(?:script|img|link|iframe)\b[^>]*?(?:src|href)=\"([^\"]+)\"", page.read_text(encoding="utf-8")
        )
        assert not [one for one in loaded if "//" in one], page
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert any(one["location"].startswith("clauses/dec-4") for one in index["docs"])
    assert "@font-face" not in "".join(one.read_text(encoding="utf-8") for one in site.rglob("*.css"))


def test_the_pages_fit_a_phone_and_go_by_its_scheme(site: Path, served: str, browser: Browser) -> None:
    """Every page in the dark, but of the clauses' pages one family, for all are made alike; then the model by day."""
    clauses = set(site.glob("clauses/*.html")) - set(site.glob("clauses/cred-*.html"))
    pages = [(page, "dark", "slate") for page in sorted({*site.rglob("*.html")} - clauses)]
    for page, scheme, colours in (*pages, (site / "model.html", "light", "default")):
        browser.show(f"{served}/{page.relative_to(site).as_posix()}", width=390, scheme=scheme)
        assert browser.evaluate("document.documentElement.scrollWidth") <= 390, page
        assert browser.evaluate("document.body.dataset.mdColorScheme") == colours, page
        assert not browser.complaints(), page
        asked = [one["request"]["url"] for one in browser.events("Network.requestWillBeSent")]
        assert all(one.startswith((served, "data:")) for one in asked), page


def test_the_search_finds_a_clause(served: str, browser: Browser) -> None:
    browser.show(f"{served}/index.html", width=390)
    browser.evaluate("document.querySelector('#__search').click()")
    browser.evaluate(
        "new Promise(done => {"
        " const field = document.querySelector('input[name=query]');"
        " const found = () => document.querySelector('.md-search-result__link');"
        " const ask = () => { field.value = 'DEC-4'; field.dispatchEvent(new Event('focus'));"
        "   field.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true}));"
        "   found() ? done(0) : setTimeout(ask, 100); };"
        " ask(); })"
    )
    found = browser.evaluate("[...document.querySelectorAll('.md-search-result__link')].map(one => one.href)")
    assert any("/clauses/dec-4.html" in one for one in found), found
