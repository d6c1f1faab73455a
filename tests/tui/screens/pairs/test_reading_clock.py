"""Seconds of reading, worked by hand."""

from tui.screens.pairs.reading_clock import ReadingClock


def test_it_stands_until_the_pair_can_be_read() -> None:
    clock = ReadingClock()
    assert clock.seconds(50.0) == 0.0
    clock.resume(100.0)
    assert clock.seconds(114.5) == 14.5


def test_time_without_a_sign_of_life_counts_for_two_minutes_at_most() -> None:
    clock = ReadingClock()
    clock.resume(0.0)
    clock.touch(100.0)  # 100 s of reading
    clock.touch(1000.0)  # 900 s away: 120 s of them count
    assert clock.seconds(1010.0) == 230.0
    assert clock.seconds(9999.0) == 340.0


def test_another_screen_is_not_reading() -> None:
    clock = ReadingClock()
    clock.resume(0.0)
    clock.pause(10.0)
    clock.touch(60.0)
    assert clock.seconds(70.0) == 10.0
    clock.resume(100.0)
    clock.resume(104.0)  # resuming what runs changes nothing
    assert clock.seconds(105.0) == 15.0


def test_a_new_pair_starts_from_nothing() -> None:
    clock = ReadingClock()
    clock.resume(0.0)
    clock.reset()
    assert clock.seconds(30.0) == 0.0
