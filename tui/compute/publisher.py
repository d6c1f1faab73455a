"""Who hears what is published: any thread may subscribe, and any thread may publish."""

import threading
from collections.abc import Callable

from tui.events import WorkbenchEvent

Listener = Callable[[WorkbenchEvent], None]


class Publisher:
    """Calls every listener with everything that is published, on the thread that publishes it."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` from now on, until the returned function is called."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return unsubscribe

    def publish(self, published: WorkbenchEvent) -> None:
        """Call the listeners with `published`."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(published)
