"""A thread on which only the newest request counts."""

import threading

import pytest

from tui.training.newest_request import Breather, Dropped, NewestRequest


def test_what_is_asked_for_meanwhile_drops_what_runs_and_what_waits() -> None:
    ended: list[str] = []
    begun, last = threading.Event(), threading.Event()

    def long(breather: Breather) -> None:
        begun.set()
        try:
            while True:
                breather.pause()
        except Dropped:
            ended.append("dropped")
            raise

    requests = NewestRequest("test", lambda: ended.append("closed"))
    requests.ask(long)
    assert begun.wait(10)
    held = threading.Event()

    def middle(_: Breather) -> None:
        ended.append("middle")
        assert held.wait(10)

    requests.ask(middle)
    while "middle" not in ended:
        threading.Event().wait(0.001)
    requests.ask(lambda _: ended.append("never done"))
    requests.ask(lambda _: last.set())
    held.set()
    assert last.wait(10)
    requests.close()
    assert ended == ["dropped", "middle", "closed"]


def test_what_waits_for_settings_to_settle_is_dropped_by_the_next_key() -> None:
    ended: list[str] = []
    begun, last = threading.Event(), threading.Event()

    def waiting(breather: Breather) -> None:
        begun.set()
        breather.wait(3600)
        ended.append("counted for nothing")

    requests = NewestRequest("test", lambda: None)
    requests.ask(waiting)
    assert begun.wait(10)
    requests.ask(lambda _: last.set())
    assert last.wait(10)
    requests.close()
    assert ended == []


def test_an_error_ends_neither_the_thread_nor_later_requests(caplog: pytest.LogCaptureFixture) -> None:
    done, failed = threading.Event(), threading.Event()

    def fail(_: Breather) -> None:
        failed.set()
        raise ValueError("this one")

    requests = NewestRequest("test", lambda: None)
    requests.ask(fail)
    assert failed.wait(10)
    requests.ask(lambda _: done.set())
    assert done.wait(10)
    requests.close()
    assert "this one" in caplog.text


def test_closing_drops_what_runs_and_nothing_is_done_afterwards() -> None:
    begun, late = threading.Event(), threading.Event()

    def long(breather: Breather) -> None:
        begun.set()
        while True:
            breather.pause()

    requests = NewestRequest("test", lambda: None)
    requests.ask(long)
    assert begun.wait(10)
    requests.close()
    requests.ask(lambda _: late.set())
    assert not late.is_set()
    assert "test" not in {thread.name for thread in threading.enumerate()}
