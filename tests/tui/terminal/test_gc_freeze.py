"""What stays is left out of later collections; what comes afterwards is collected as ever."""

import gc
import weakref

from tui.terminal.gc_freeze import keep_collections_short


class Ring:
    """Holds itself, so that only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_lives_is_not_looked_at_again_and_new_rings_are_freed() -> None:
    gone = weakref.ref(Ring())
    try:
        keep_collections_short()
        assert gone() is None  # what was garbage then is not kept
        assert gc.get_freeze_count() > 1000
        later = weakref.ref(Ring())
        gc.collect()
        assert later() is None
    finally:
        gc.unfreeze()
