"""Sentences about settings, as screens say them."""

import pytest

from tui.screens.data.import_preview import in_key_words
from tui.training.row_words import in_row_words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--label-smoothing 0.1 does nothing with --loss hinge.", "label smoothing 0.1 does nothing with loss hinge."),
        ("Set the SFT weight (--sft-weight) to 0.2.", "Set the SFT weight to 0.2."),
        ("Lower the learning rate, or use float32 (--dtype).", "Lower the learning rate, or use float32."),
        ("Raise --learning-rate above 5e-05, or --epochs.", "Raise learning rate above 5e-05, or epochs."),
        ("Start Palate with --model x.", "Start Palate with --model x."),
        ("a -- b", "a -- b"),
    ],
)
def test_flags_become_the_names_of_rows(text: str, shown: str) -> None:
    assert in_row_words(text) == shown


def test_an_import_names_the_key_for_columns() -> None:
    said = "2 left out (lines 1, 2): 'x' is not read; `--columns ignore=x` reads such rows without it"
    assert in_key_words(said) == "2 left out (lines 1, 2): 'x' is not read; c with ignore=x reads such rows without it"
    unknown = (
        "no known format has 'q'. A pair needs 'prompt'; --columns says which of its columns they are, and `palate "
        "import --help` lists every format."
    )
    assert in_key_words(unknown) == "no known format has 'q'. A pair needs 'prompt'."
