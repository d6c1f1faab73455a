"""The app: modes, keys, leaving, news, and text that must never steer it."""

import pytest
from textual.widgets import Input

from engine.config import TrainConfig
from tests.fake_workbench import FakeWorkbench
from tests.screens import text_of as screen_text
from tests.waiting import until
from tui.app import PalateApp
from tui.events import ModelChanged, WorkbenchFailed
from tui.screens.confirm import QuitScreen
from tui.screens.data.data import DataScreen
from tui.screens.help import HelpScreen, KeyTable
from tui.screens.pairs.label import LabelScreen
from tui.snapshots import LoadState, StudyProgress
from tui.widgets.frame.key_line import KeyLine
from tui.widgets.frame.status_line import StatusLine
from tui.widgets.frame.top_line import TopLine


def text_of(app: PalateApp, line: type) -> str:
    return str(app.screen.query_one(line).render())


@pytest.mark.parametrize(("key", "mode"), [("T", "train"), ("R", "runs"), ("C", "compare"), ("D", "data")])
async def test_every_mode_is_one_key_away_and_back(key: str, mode: str) -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: app.current_mode == mode and app.screen.query(StatusLine))
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LabelScreen))


async def test_mode_keys_are_letters_in_a_text_field() -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        await pilot.press("slash", "L", "q")
        assert app.screen.query_one("#filter", Input).value == "Lq"
        assert app.current_mode == "data"


async def test_the_lines_follow_the_workbench() -> None:
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "6 ready" in text_of(app, StatusLine))
        assert "palate · smollm2-135m-instruct" in text_of(app, TopLine)
        workbench.set_state(model_name="llama", writing=True)
        await until(pilot, lambda: "writing" in text_of(app, StatusLine))
        assert "palate · llama" in text_of(app, TopLine)


async def test_what_lives_is_left_out_of_collections_once_for_a_model_and_not_at_every_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shortened: list[str] = []
    monkeypatch.setattr("tui.app.keep_collections_short", lambda: shortened.append("once"))
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        monkeypatch.setattr(PalateApp, "is_headless", False)
        for state in (LoadState.READY, LoadState.READY, LoadState.LOADING, LoadState.READY):
            workbench.set_state(model_state=state)
            app._receive(ModelChanged())
            await pilot.pause()
        monkeypatch.undo()
    assert len(shortened) == 2


async def test_a_screen_that_fails_at_news_keeps_them_from_no_other_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no widget")

    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    app.survives_errors = True
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "6 ready" in text_of(app, StatusLine))
        monkeypatch.setattr(LabelScreen, "from_workbench", fail)
        workbench.set_state(writing=True)
        await until(pilot, lambda: "writing" in text_of(app, StatusLine))
        assert len(app._notifications) == 1


async def test_an_error_of_the_workbench_is_told_as_text() -> None:
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        workbench.publish(WorkbenchFailed("[/] \x1b[2J", "No [bold]disk\x07 [/x]"))
        await until(pilot, lambda: len(app._notifications) == 1)
        (notice,) = app._notifications
        assert (notice.title, notice.message, notice.markup) == ("[/] ␛[2J", "No [bold]disk␇ [/x]", False)
        await until(pilot, lambda: app.screen.query("Toast"))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_line_of_a_notice_is_above_the_status_line(size: tuple[int, int]) -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=size, notifications=True) as pilot:
        app.tell("From the next question on", "base and killed, with temperature=0.1 top_k=1 max_new_tokens=20.")
        await until(pilot, lambda: app.screen.query("Toast"))
        toast, status = app.screen.query_one("Toast"), app.screen.query_one(StatusLine)
        await until(pilot, lambda: toast.region.height)
        assert toast.region.bottom <= status.region.y


async def test_a_hostile_model_name_is_only_text() -> None:
    workbench = FakeWorkbench()
    workbench.set_state(model_name="[/] \x1b]0;own\x07\u202e")
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "[/] ␛]0;own␇⟨202E⟩" in text_of(app, TopLine))


async def test_q_leaves_when_no_run_is_alive() -> None:
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert workbench.listeners == []


async def test_q_asks_while_a_run_is_alive_and_stays() -> None:
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        workbench.trainer.start(TrainConfig())
        workbench.step(3)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LabelScreen))
        assert workbench.state.run is not None
        assert workbench.state.run.phase == "training"


async def test_stopping_waits_until_the_adapter_is_kept() -> None:
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        workbench.trainer.start(TrainConfig())
        workbench.step(3)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen))
        await pilot.press("s")
        await until(pilot, lambda: workbench.state.run is not None and workbench.state.run.phase == "stopping")
        await pilot.pause()
        assert app.is_running
        workbench.end_run("stopped")
        await until(pilot, lambda: not app.is_running)


async def test_a_run_on_a_part_of_the_pairs_is_not_kept() -> None:
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        workbench.trainer.start(TrainConfig())
        workbench.step(3)
        for study, offered in ((StudyProgress("Search 1", 1, 15), 0), (StudyProgress("Search 1", 15, 15, True), 1)):
            workbench.study_progress = study
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, QuitScreen))
            assert screen_text(app).count("keep what is trained") == offered
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, LabelScreen))


async def test_a_checkpoint_is_written_while_the_workbench_closes() -> None:
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        workbench.trainer.start(TrainConfig())
        workbench.step(3)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen))
        await pilot.press("c")
        await until(pilot, lambda: not app.is_running)
        assert workbench.state.run is not None
        assert workbench.state.run.phase == "training"  # nothing was stopped; closing writes the checkpoint


async def test_help_names_the_keys_of_the_screen_and_of_the_app() -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=(100, 50)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LabelScreen))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.query(KeyTable))
        told = str(app.screen.query_one(KeyTable).render())
        assert "1 ←  The left (first) answer is better." in told
        assert told.index("The left (first) answer is better.") < told.index("everywhere")
        assert told.index("everywhere") < told.index("Leave Palate")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LabelScreen))


async def test_every_key_of_ours_has_an_id_a_tooltip_and_a_word() -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=(120, 40)) as pilot:
        known: dict[str, object] = {}
        for key in "LTRCD":
            await pilot.press(key)
            await until(pilot, lambda: app.screen.query(KeyLine))
            own = type(app.screen).BINDINGS
            assert all(each.id and each.tooltip and each.description for each in own)
            assert len({each.id for each in own}) == len(own)
            assert [known.setdefault(each.id, each) for each in own] == own  # the same key on another screen


async def test_the_palette_offers_what_the_keys_do() -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LabelScreen) and app.screen.pair)
        offered = {command.title: command.help for command in app.get_system_commands(app.screen)}
        assert offered["Skip  (s)"] == "Not now: the pair comes back later."
        assert "Train  (T)" in offered


@pytest.mark.parametrize(("size", "fits"), [((60, 16), True), ((59, 16), False), ((60, 15), False), ((40, 10), False)])
async def test_a_terminal_that_is_too_small_says_so(size: tuple[int, int], fits: bool) -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.screen.query(TopLine))
        assert app.screen.query_one("#body").display is fits
        notice = app.screen.query_one("TooSmall")
        assert notice.display is not fits
        told = f"Palate needs 60×16, this terminal is {size[0]}×{size[1]}. Make it larger; nothing is lost."
        assert str(notice.render()) == told


async def test_nothing_is_drawn_without_news() -> None:
    app = PalateApp(workbench := FakeWorkbench())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LabelScreen) and app.screen.can_judge)
        drawn = []
        app._display = lambda _screen, renderable: drawn.append(renderable)  # type: ignore[method-assign]
        workbench.publish(ModelChanged())
        await until(pilot, lambda: not app._status_due)
        await pilot.pause()
        assert [each for each in drawn if each is not None] == []
