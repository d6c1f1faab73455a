"""The words of a preflight: texts that hold more than what was asked or answered are told with an example."""

from engine.preference import PreferencePair
from tests.db_workspace import asked
from tui.training.preflight_format import text_notes

WORN = "<|im_start|>user\nName a nut.<|im_end|>\n<|im_start|>assistant\n"
SPOKEN = "Human: Hi\n\nAssistant: Ho\n\nHuman: Name a nut.\n\nAssistant:"


def pair(key: int, prompt: str, chosen: str = "A hazelnut.", rejected: str = "Nuts.") -> PreferencePair:
    return PreferencePair(str(key), asked(prompt), chosen, rejected)


def test_plain_pairs_have_no_note() -> None:
    pairs = [
        pair(1, "Name a nut."),
        pair(2, "What does <|im_start|> mean?"),
        pair(3, "Go on: Human: hi"),
        pair(4, "Name a short nut.", "Name a short nut. A hazelnut."),
        pair(5, "Hi", "Hi there", "Hi"),
    ]
    assert text_notes(pairs) == ()


def test_each_kind_of_text_is_told_with_its_number_and_an_example() -> None:
    pairs = [
        pair(7, WORN),
        pair(8, WORN),
        pair(9, SPOKEN),
        pair(10, "Name a short nut.", "Name a short nut. A hazelnut.", "Name a short nut. Nuts."),
        pair(11, "Name a nut.", "A hazelnut.<|im_end|>"),
    ]
    assert text_notes(pairs) == (
        "2 pairs with a prompt that wears a chat template, around which the model's own will be put, such as pair 7: "
        "'<|im_start|>user …'.",
        "1 pair with a prompt that is a transcript of several speakers, such as pair 9: 'Human: Hi …'.",
        "1 pair with answers that both begin with the prompt, such as pair 10: 'Name a short nut. A hazelnut.'.",
        "1 pair with an answer that has a template's end of turn behind it, such as pair 11: 'A hazelnut.<|im_end|>'.",
    )
