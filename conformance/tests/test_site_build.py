"""The documentation site: built without a network, no page loads anything from elsewhere."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands.site import write_site


@pytest.mark.engine("mkdocs")
@pytest.mark.slow
def test_the_site_is_built_offline_with_warnings_as_errors(tmp_path: Path) -> None:
    write_site(tmp_path)
    command = [str(Path(sys.executable).parent / "mkdocs"), "build", "--strict", "-f", str(tmp_path / "mkdocs.yml")]
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, env=os.environ | nowhere, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "site"
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
