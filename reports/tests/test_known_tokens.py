"""Every token that a well-kept library of secrets' forms knows is masked: it finds none in a masked text.

The library is a measure and no part of the kit: two of its patterns take seconds for a text made to be slow, it brings
an HTTP client, and it has no form for several tokens that `test_report_secrets` plants.
"""

import re
from collections.abc import Iterator, Mapping

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from fencepost.reports.secrets import masked
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

TOKENS = (
    *("AWS Access Key", "Artifactory Credentials", "Discord Bot Token", "GitHub Token", "GitLab Token"),
    *("Mailchimp Access Key", "OpenAI Token", "PyPI Token", "SendGrid API Key", "Slack Token", "Square OAuth Secret"),
    *("Stripe Access Key", "Telegram Bot Token", "Twilio API Key"),
)
"""The library's kinds of secrets that are known by their form, and not by a name before them."""


def _forms() -> Iterator[tuple[RegexBasedDetector, re.Pattern[str]]]:
    kinds: Mapping[str, type[RegexBasedDetector]] = get_mapping_from_secret_type_to_class()
    for name in TOKENS:
        detector = kinds[name]()
        yield from ((detector, form) for form in detector.denylist if not form.pattern.startswith("aws."))


PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)
FORMS = tuple(_forms())


@pytest.mark.parametrize(("detector", "form"), FORMS, ids=lambda one: getattr(one, "secret_type", ""))
@settings(
    max_examples=5, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
)
@given(data=st.data())
def test_a_token_of_a_known_form_is_masked(
    detector: RegexBasedDetector, form: re.Pattern[str], data: st.DataObject
) -> None:
    token = data.draw(st.from_regex(form, fullmatch=True, alphabet=PRINTABLE))
    text = f"sent {token} and got 401"
    found = set(detector.analyze_string(text))
    assume(found)
    left = masked(text)
    assert not [one for one in detector.analyze_string(left) if "***" not in one], (text, left)
