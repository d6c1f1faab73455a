"""The prompts that come with Palate."""

import json
from importlib.resources import files

from db.prompt_rows import NewPrompt


def load_questions(*, held_out: bool) -> list[NewPrompt]:
    """The 200 science questions for labelling, or the 80 that are held out for trials."""
    name = "science_held_out.jsonl" if held_out else "science.jsonl"
    lines = files("tui").joinpath("data", name).read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [NewPrompt(({"role": "user", "content": each["prompt"]},), each["field"]) for each in records]
