"""Places given to answers one key at a time, from the best to the worst. No Textual here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Places:
    """The answers (from 0) that have a place, in the order of the keys; `shared` are as good as the one before them.

    >>> Places(4).put(2).put(0).put(3, beside=True).ranks
    {2: 1, 0: 2, 3: 2}
    """

    answers: int
    order: tuple[int, ...] = ()
    shared: frozenset[int] = frozenset()

    def put(self, answer: int, *, beside: bool = False) -> "Places":
        """The places after another key; an answer that has one keeps it."""
        if answer in self.order or not 0 <= answer < self.answers:
            return self
        shared = self.shared | {answer} if beside and self.order else self.shared
        return Places(self.answers, (*self.order, answer), shared)

    def take_back(self) -> "Places":
        """The places before the last key."""
        return Places(self.answers, self.order[:-1], self.shared - set(self.order[-1:]))

    @property
    def ranks(self) -> dict[int, int]:
        """Each placed answer's rank, 1 for the best; where one alone is left, it is the last."""
        found: dict[int, int] = {}
        for answer in (*self.order, *self._rest()):
            found[answer] = len(found) + 1 if answer not in self.shared else max(found.values())
        return found

    def _rest(self) -> list[int]:
        left = [answer for answer in range(self.answers) if answer not in self.order]
        return left if len(left) == 1 and len(self.order) > 1 else []

    @property
    def decides(self) -> bool:
        """Whether at least two answers have a place."""
        return len(self.order) > 1
