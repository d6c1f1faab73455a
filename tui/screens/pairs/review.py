"""Judged pairs opened one after the other, for a second look: those an adapter ranks the other way, for one."""

from collections.abc import Sequence
from typing import ClassVar

from db.pair_rows import ComparisonRow
from tui.screens.pairs.verdict import VerdictScreen
from tui.widgets.binding import Binding


class ReviewScreen(VerdictScreen):
    """The panes and keys of an opened verdict, with keys to the pair after and before it."""

    BINDINGS: ClassVar = [
        Binding("n,right_square_bracket", "turn(1)", "next", id="second-look.next", tooltip="The pair after this one."),
        Binding("p,left_square_bracket", "turn(-1)", "earlier", id="second-look.earlier", tooltip="The pair before."),
    ]

    def __init__(self, pairs: Sequence[tuple[int, str]]) -> None:
        """`pairs` holds comparisons, each with what brought it here; at least one."""
        super().__init__(pairs[0][0])
        self._pairs = pairs
        self._at = 0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """At an end there is nothing to turn to."""
        if action == "turn":
            return 0 <= self._at + int(str(parameters[0])) < len(self._pairs) or None
        return super().check_action(action, parameters)

    def _draw(self, pair: ComparisonRow) -> None:
        """The facts of an opened verdict, and why this one is shown."""
        super()._draw(pair)
        self.view.note(f"{self._at + 1} of {len(self._pairs):,} · {self.why(pair)} · {self.standing(pair)}")

    def why(self, pair: ComparisonRow) -> str:
        """What brought the pair here."""
        del pair
        return self._pairs[self._at][1]

    @property
    def has_next(self) -> bool:
        """Is there a pair after this one?"""
        return self._at + 1 < len(self._pairs)

    def action_turn(self, by: int) -> None:
        """Another pair of the list, once the verdict on this one is stored."""
        if not self.gate.deciding:
            self.turn(by)

    def turn(self, by: int) -> None:
        """Show another pair of the list."""
        self._at += by
        self._comparison, _ = self._pairs[self._at]
        self.gate.hide()
        self.screen_shown()
        self.refresh_bindings()
