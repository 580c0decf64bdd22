"""Foreign text in Markdown: shown as it is, and as readable before it is rendered as that allows."""

import re

from fencepost.reports.visible import visible

_MARKUP = re.compile(r"[\\`*\[\]<|~]|(?<![^\W_])_|_(?![^\W_])|^[>#+-]|#(?=\d)|&(?=#?\w+;)")
"""What Markdown may take for markup: an underscore within a word and most punctuation are text to it."""
_WORD = re.compile(r"""[\s`|()<>\[\]"',]+|[^\s`|()<>\[\]"',]+""")
_LINKED = re.compile(r"://|@|www\.", re.IGNORECASE)
"""What would become a link or a mention even behind a backslash: code shows it as it is."""


def plain(text: str) -> str:
    r"""The text escaped so that Markdown shows it unchanged, and left as readable as that allows.

    >>> plain("<b>*x*</b>"), plain("mutant:last_address: 1 of 2"), plain("at http://e/a_b_.")
    ('\\<b>\\*x\\*\\</b>', 'mutant:last_address: 1 of 2', 'at `http://e/a_b_`.')
    """
    shown, between, place = visible(text), [], 0
    for word in _WORD.finditer(shown):
        if _LINKED.search(word[0]):
            end = word[0].rstrip(".:?!") if _LINKED.search(word[0].rstrip(".:?!")) else word[0]
            between += [_MARKUP.sub(r"\\\g<0>", shown[place : word.start()]), f"`{end}`"]
            place = word.start() + len(end)
    return "".join((*between, _MARKUP.sub(r"\\\g<0>", shown[place:])))
