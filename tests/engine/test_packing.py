"""The packed row and its masks, worked by hand."""

import torch

from engine.chat import EncodedPair
from engine.packing import groups, pack, visible


def test_a_row_by_hand() -> None:
    packed = pack([EncodedPair("1", (10, 11, 12), (20, 21), (30, 31, 32))], "cpu")
    assert packed.input_ids.tolist() == [10, 11, 12, 20, 21, 30, 31, 32]
    assert packed.positions.tolist() == [0, 1, 2, 3, 4, 3, 4, 5]
    assert packed.predicting.tolist() == [2, 3, 2, 5, 6]  # the prompt's end predicts both first tokens
    assert packed.targets.tolist() == [20, 21, 30, 31, 32]


def test_completions_of_one_token() -> None:
    packed = pack([EncodedPair("1", (10,), (20,), (30,))], "cpu")
    assert packed.predicting.tolist() == [0, 0]
    assert packed.positions.tolist() == [0, 1, 1]


def test_two_pairs_in_a_row_by_hand() -> None:
    packed = pack([EncodedPair("1", (10,), (20,), (30, 31)), EncodedPair("2", (40, 41), (50, 51), (60,))], "cpu")
    assert packed.input_ids.tolist() == [10, 20, 30, 31, 40, 41, 50, 51, 60]
    assert packed.positions.tolist() == [0, 1, 1, 2, 0, 1, 2, 3, 2]
    assert packed.predicting.tolist() == [0, 0, 2, 5, 6, 5]
    assert packed.targets.tolist() == [20, 30, 31, 50, 51, 60]
    assert packed.completion_tokens == [1, 2, 2, 1]


def test_groups_fill_a_row_from_the_front_and_stay_the_same_for_what_is_left() -> None:
    pairs = [EncodedPair(str(number), (1,) * size, (2,), (3,)) for number, size in enumerate((3, 3, 8, 1, 2))]
    keys = [[pair.key for pair in group] for group in groups(pairs, 10)]
    assert keys == [["0", "1"], ["2"], ["3", "4"]]  # rows of 5 + 5, 10, 3 + 4 tokens
    assert groups(pairs[2:], 10) == groups(pairs, 10)[1:]
    assert len(groups(pairs, 1)) == len(pairs)  # a pair that is longer than a row has one of its own


def test_a_query_sees_itself_and_what_came_before_within_the_window() -> None:
    places = torch.arange(4)
    assert visible(places, places, None).int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
    assert visible(places, places, 2).int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    rejected = torch.tensor([2, 3])
    assert visible(rejected, torch.tensor([0, 1, 2, 3]), 3).int().tolist() == [[1, 1, 1, 0], [0, 1, 1, 1]]
