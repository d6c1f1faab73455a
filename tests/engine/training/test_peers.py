"""How the processes of a run share its groups of pairs."""

from engine.training.peers import rounds, sharing_words


def test_a_round_has_a_part_for_each_process_and_the_last_may_have_fewer() -> None:
    assert rounds([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert rounds([], 2) == []


def test_a_step_of_one_pass_is_said_to_leave_processes_waiting() -> None:
    assert sharing_words([2, 2, 1], 2).startswith("2 processes share the passes of each step: 1.7 passes at once.")
    assert "1 of 2 processes waits" in sharing_words([1, 1], 2)
    assert "3 of 4 processes wait." in sharing_words([1], 4)
    assert "--batch-size" not in sharing_words([4, 4], 2)
    assert "--batch-size" in sharing_words([3, 3], 4)
