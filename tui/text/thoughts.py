"""The thoughts before an answer, as a screen shows them."""

from engine.thoughts import split_thoughts


def has_thoughts(text: str) -> bool:
    """Has an answer thoughts before it?"""
    return split_thoughts(text)[0] is not None


def folded(text: str, *, growing: bool = False) -> str:
    """An answer without its thoughts. `growing`: it is still being written."""
    thoughts, answer = split_thoughts(text)
    if thoughts is None or answer:
        return answer
    return "… thinking" if growing else "(no answer: it ended inside its thoughts)"
