"""What comes with Palate: prompts, and the model that needs no account."""

import json
from importlib.resources import files

from db.prompt_rows import NewPrompt
from engine.sources.default_model import DEFAULT_SOURCE

BUNDLED_SET = "science"
"""The prompt set for labelling that a new workspace has."""
DEFAULT_MODEL = DEFAULT_SOURCE
"""The model that a new workspace has."""


def load_questions(*, held_out: bool) -> list[NewPrompt]:
    """The 200 science questions for labelling, or the 80 that are held out for trials."""
    name = "science_held_out.jsonl" if held_out else "science.jsonl"
    lines = files("tui").joinpath("data", name).read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [NewPrompt(({"role": "user", "content": each["prompt"]},), each["field"]) for each in records]
