"""The packed row and its masks, worked by hand."""

import torch

from engine.chat import EncodedPair
from engine.packing import pack, visible


def test_a_row_by_hand() -> None:
    packed = pack(EncodedPair("1", (10, 11, 12), (20, 21), (30, 31, 32)), "cpu")
    assert packed.input_ids.tolist() == [10, 11, 12, 20, 21, 30, 31, 32]
    assert packed.positions.tolist() == [0, 1, 2, 3, 4, 3, 4, 5]
    assert packed.predicting.tolist() == [2, 3, 2, 5, 6]  # the prompt's end predicts both first tokens
    assert packed.targets.tolist() == [20, 21, 30, 31, 32]


def test_completions_of_one_token() -> None:
    packed = pack(EncodedPair("1", (10,), (20,), (30,)), "cpu")
    assert packed.predicting.tolist() == [0, 0]
    assert packed.positions.tolist() == [0, 1, 1]


def test_a_query_sees_itself_and_what_came_before_within_the_window() -> None:
    places = torch.arange(4)
    assert visible(places, places, None).int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
    assert visible(places, places, 2).int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    rejected = torch.tensor([2, 3])
    assert visible(rejected, torch.tensor([0, 1, 2, 3]), 3).int().tolist() == [[1, 1, 1, 0], [0, 1, 1, 1]]
