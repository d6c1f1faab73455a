"""Workspaces with pairs that are ready to be judged, each with a mark of its own in prompt and answers."""

import random
from pathlib import Path
from sqlite3 import Connection

from db.comparisons import add_pair
from db.models import ensure_model
from db.pair_rows import NewCompletion
from db.prompt_rows import Message, NewPrompt
from db.prompts import add_prompt_set, insert_prompt
from db.verdicts import add_verdict
from engine.config import SamplingConfig
from tui.workspace.workspace import own_workspace

SENTENCE = (
    "leaves contain several pigments and as the days grow shorter trees stop making chlorophyll so that yellow and red "
    "which were hidden all summer come out before the wind takes them down in the first cold nights of the year"
)
WORDS = tuple(SENTENCE.split())
THOUGHTFUL = 14
"""The number of the pair whose left answer begins with thoughts."""


def mark_of(number: int, part: str) -> str:
    """What stands in a part of a pair and nowhere else: part Q is the prompt, L the left and R the right answer."""
    return f"{part}{number:05d}"


def fill(folder: Path, pairs: int, *, markdown: bool = False, words: int = 150, judged: int = 0) -> None:
    """Make a workspace with so many pairs that are ready, in order from 1, and `judged` more behind them that were
    judged already. The mark L stands in the left (first) answer, R in the right."""
    workspace = own_workspace(folder)
    try:
        workspace.write(_fill, pairs, markdown, words, judged).result()
    finally:
        workspace.close()


def _fill(conn: Connection, pairs: int, markdown: bool, words: int, judged: int) -> None:
    chance = random.Random(1)
    prompts = add_prompt_set(conn, "marked", held_out=False)
    model = ensure_model(conn, kind="base", name="nobody", source="nobody", fingerprint="f" * 64)
    sampling = {**SamplingConfig().record(), "system": None}
    for number in range(1, pairs + judged + 1):
        asked = (Message(role="user", content=f"{mark_of(number, 'Q')} Why do leaves change colour in autumn?"),)
        prompt = insert_prompt(conn, prompts, NewPrompt(asked, None))
        write = _markdown if markdown else _prose
        texts = [f"{mark_of(number, part)} {write(chance, words)}" for part in ("L", "R")]
        if number == THOUGHTFUL:
            texts[0] = f"<think>\nWhat do they want to know?\n</think>\n\n{texts[0]}"
        left, right = (NewCompletion(model, sampling, 1, each, words, False, "model") for each in texts)
        pair = add_pair(conn, prompt, (left, right), side_seed=_unflipped())
        if number > pairs:
            add_verdict(conn, comparison=pair, verdict=chance.choice("ab"), side="left", layout="side", seconds=9.0)


def _unflipped() -> int:
    """A seed that shows a on the left."""
    from db.comparisons import is_flipped

    return next(seed for seed in range(100) if not is_flipped(seed))


def _prose(chance: random.Random, words: int) -> str:
    sentences = []
    while words > 0:
        length = min(chance.randint(8, 20), words)
        sentences.append(" ".join(chance.choices(WORDS, k=length)).capitalize() + ".")
        words -= length
    paragraphs = [" ".join(sentences[at : at + 4]) for at in range(0, len(sentences), 4)]
    return "\n\n".join(paragraphs)


def _markdown(chance: random.Random, words: int) -> str:
    """As a chat model likes it: a heading, a list with bold words, code."""
    some = lambda count: " ".join(chance.choices(WORDS, k=count))  # noqa: E731
    items = "\n".join(f"- **{some(2).capitalize()}**: {some(10)}, *{some(1)}* and `{some(1)}`." for _ in range(5))
    code = "```python\nfor leaf in tree:\n    leaf.colour = 'red'\n```"
    return f"{some(30)}\n\n## {some(3).capitalize()}\n\n{items}\n\n{code}\n\n{_prose(chance, max(words - 108, 10))}"
