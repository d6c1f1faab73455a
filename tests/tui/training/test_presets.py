"""Presets and sets of pairs: what comes with Palate, what a person keeps, and what may not be called how."""

import re
from typing import Any

import pytest

from engine.config import TrainConfig
from engine.sources.default_model import DEFAULT_SOURCE
from tui.errors import InputError
from tui.training.pair_sets import ALL_PAIRS, PairSet, PairSets, pair_set_of, parse_day
from tui.training.presets import AUTO_TABLE, RESERVED, Presets, changes_of, preset_of
from tui.workspace.named_values import NamedValues


@pytest.fixture
def store() -> dict[str, Any]:
    return {}


@pytest.fixture
def kept(store: dict[str, Any]) -> NamedValues:
    return NamedValues("preset", lambda: store.get("kept"), lambda value: store.update(kept=value), RESERVED)


def presets_of(kept: NamedValues, source: str = DEFAULT_SOURCE) -> Presets:
    return Presets(kept, lambda: "original", lambda: source)


def test_the_presets_of_palate_can_all_be_used_and_the_first_is_the_defaults(kept: NamedValues) -> None:
    first, auto = presets_of(kept).all()
    assert (first.name, first.words(), first.config) == ("original", "the defaults", TrainConfig())
    assert auto.name == "auto"
    assert changes_of(auto.config) == auto.changes


def test_ones_own_are_saved_renamed_and_removed(kept: NamedValues) -> None:
    presets = presets_of(kept)
    mine = presets.save("  my  way ", TrainConfig(epochs=7, beta=0.3))
    assert (mine.name, mine.own, mine.words()) == ("my way", True, "beta 0.3, epochs 7")
    assert presets.get("MY WAY").config == TrainConfig(epochs=7, beta=0.3)
    presets.save("My Way", TrainConfig(epochs=8))  # the same name: in place of the first
    assert [each.name for each in presets.all()] == ["original", "auto", "My Way"]
    assert preset_of(changes_of(TrainConfig(epochs=8)), presets.all()) == presets.get("my way")
    assert preset_of(changes_of(TrainConfig(epochs=9)), presets.all()) is None
    assert kept.rename("my way", "ours") == "ours"
    kept.remove("Ours")
    assert kept.all() == {}


def test_auto_follows_the_number_of_pairs(kept: NamedValues) -> None:
    presets = presets_of(kept)
    assert [row[0] for row in AUTO_TABLE] == sorted({row[0] for row in AUTO_TABLE})
    for place, (least, rate, epochs, sft) in enumerate(AUTO_TABLE):
        most = AUTO_TABLE[place + 1][0] - 1 if place + 1 < len(AUTO_TABLE) else 10**6
        for pairs in (least, most):
            config = presets.get("auto", pairs).config
            assert config == TrainConfig(learning_rate=rate, epochs=epochs, sft_weight=sft)
    with pytest.raises(InputError, match="comes with Palate"):
        presets.save("auto", TrainConfig())


def test_auto_is_the_defaults_for_a_model_on_which_nothing_was_measured(kept: NamedValues) -> None:
    auto = presets_of(kept, "meta-llama/Llama-3.1-8B-Instruct").get("auto", 60)
    assert auto.config == TrainConfig()
    assert auto.sentence.startswith(f"Measured on {DEFAULT_SOURCE} alone")


@pytest.mark.parametrize("name", ["", "  ", "Original", "x" * 41, "a\x1bb"])
def test_a_name_that_is_not_usable_is_refused(kept: NamedValues, name: str) -> None:
    with pytest.raises(InputError):
        kept.save(name, {})
    assert kept.all() == {}


def test_what_is_not_there_or_taken_is_said(kept: NamedValues) -> None:
    kept.save("one", {})
    kept.save("two", {})
    with pytest.raises(InputError, match=re.escape("There is no preset 'three' of your own. There are: one, two.")):
        kept.remove("three")
    with pytest.raises(InputError, match="There is a preset 'two' already"):
        kept.rename("one", "two")
    with pytest.raises(InputError, match="comes with Palate and stays as it is"):
        kept.remove("original")
    with pytest.raises(InputError, match=r"There is no preset 'four'.*: original, auto, one, two"):
        presets_of(kept).get("four")


def test_a_preset_of_another_version_says_so_when_it_is_used(kept: NamedValues) -> None:
    kept.save("new", {"warp": 9})
    with pytest.raises(InputError, match="does not know: warp"):
        _ = presets_of(kept).get("new").config
    kept.save("old", {"loss": "kto"})
    with pytest.raises(InputError, match="cannot be used: --loss is 'kto'"):
        _ = presets_of(kept).get("old").config


def test_a_set_of_pairs_in_words_and_back() -> None:
    chosen = PairSet(since="2026-03-02", prompt_set="science", strong=True)
    assert chosen.words() == "much better only · of science · since 2026-03-02"
    assert pair_set_of(chosen.record()) == chosen
    assert ALL_PAIRS.record() is None
    assert pair_set_of(None) == ALL_PAIRS
    assert ALL_PAIRS.words() == "all pairs"


def test_sets_of_pairs_are_kept_under_names(kept: NamedValues) -> None:
    sets = PairSets(kept)
    assert sets.save("strong ones", PairSet(strong=True)) == PairSet(name="strong ones", strong=True)
    assert sets.get("Strong Ones").words() == "strong ones: much better only"
    with pytest.raises(InputError, match=re.escape("There is no set of pairs 'weak'. There are: strong ones.")):
        sets.get("weak")


@pytest.mark.parametrize(
    ("text", "day"), [("2026-03-02", "2026-03-02"), ("20260302", "2026-03-02"), ("none", None), ("", None)]
)
def test_a_day_is_read(text: str, day: str | None) -> None:
    assert parse_day(text) == day


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "2026"])
def test_what_is_no_day_is_said(text: str) -> None:
    with pytest.raises(InputError, match=re.escape("is no day. Write it as 2026-03-02")):
        parse_day(text)
