"""Bash ends a word at a colon, and subjects have colons: the words that are completed, put together again."""

from typing import Any

from click.shell_completion import BashComplete, CompletionItem


class BashWords(BashComplete):
    """Completion in bash, which click finds by its name: of a subject with a colon, what follows the colon."""

    name = "bash"
    _before = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words, and the one that is to be completed, whole."""
        words, begun = super().get_completion_args()
        if begun == ":":
            words, begun = [*words, ":"], ""
        while len(words) > 1 and words[-1] == ":":
            begun = f"{words[-2]}:{begun}"
            words = words[:-2]
            self._before = begun[: begun.rfind(":") + 1]
        return words, begun

    def format_completion(self, item: CompletionItem) -> str:
        """The type and the value, of which bash has what stands before the colon already."""
        value: Any = item.value
        return f"{item.type},{value.removeprefix(self._before)}"
