"""The app outlives an error in a handler, a worker or a timer: it logs the error, shows a sentence, and draws again.

Textual ends the message loop of the widget in which a handler failed, and then the app. Here the loop of every widget
catches the error first, and the app decides. An app ends on an error as before:

- until it is ready, since an app that could not be built has nothing to continue with;
- when errors follow one another quickly without a key between them, since drawing itself may be what fails;
- when memory is short;
- in tests, unless `survives_errors` is set.
"""

import logging
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from textual._context import active_app, active_message_pump
from textual.app import App, ScreenStackError
from textual.css.query import QueryError
from textual.dom import DOMNode, NoScreen
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widget import MountError
from textual.worker import Worker, WorkerFailed, active_worker

from tui.errors import KNOWN_ERRORS, title_of

logger = logging.getLogger(__name__)

_MOST: Final = 5
"""Errors without a key between them, within `_WITHIN_S`, that the app outlives."""
_WITHIN_S: Final = 5.0
_LOOKUPS: Final = (QueryError, ScreenStackError, NoScreen, MountError)
"""What a search for a widget raises where the screen is not composed yet, or is gone."""


class SurvivingApp(App[None]):
    """An app that continues after an error."""

    survives_errors: bool | None = None
    """Must this app outlive errors? None: yes, unless it runs without a terminal, as in a test."""
    key_pressed_at = 0.0
    """When the key that is being handled was read from the terminal, in monotonic seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._error_times: deque[float] = deque(maxlen=_MOST)
        self._fatal: Exception | None = None
        self.ready_to_survive = False
        """Is the first screen shown? Before, every error ends the app."""

    def tell(self, title: str, text: str, *, severity: str = "information", seconds: float = 8.0) -> None:
        """Show a notice."""
        raise NotImplementedError

    def tell_error(self, error: BaseException) -> None:
        """Show an error that has a title and a sentence of its own."""
        raise NotImplementedError

    def is_expected(self, error: Exception) -> bool:
        """May this error reach the app in the ordinary course of things? Then it is shown, and never ends the app."""
        del error
        return False

    def outlives(self, error: Exception, node: MessagePump | None) -> bool:
        """Decide about an error of `node`'s handler, worker or timer, and show it. False: the app has to end."""
        leaving = is_absent(node) or has_absent(node) or self._exit  # a key may come while the app ends
        if isinstance(error, _LOOKUPS) and leaving:
            logger.debug("%r is not there any more, or not yet: %r", node, error)
            return True
        if self.is_expected(error):
            self.tell_error(error)
            return True
        if error is self._fatal or isinstance(error, MemoryError) or not self._may_continue():
            self._fatal = error
            return False
        self._show(error)
        return True

    def _check_action_state(self, action: str, default_namespace: DOMNode) -> bool | None:
        try:
            return super()._check_action_state(action, default_namespace)
        except _LOOKUPS:
            if not is_absent(default_namespace):
                raise
            return None

    async def run_action(
        self,
        action: Any,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action. It does nothing where it needs widgets of a screen that is not there yet, or no longer."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except _LOOKUPS:
            if not is_absent(default_namespace):
                raise
            return False

    def _may_continue(self) -> bool:
        wanted = not self.is_headless if self.survives_errors is None else self.survives_errors
        if not (wanted and self.ready_to_survive):
            return False
        now = time.monotonic()
        if self._error_times and self.key_pressed_at > self._error_times[-1]:
            self._error_times.clear()
        is_loop = len(self._error_times) == _MOST and now - self._error_times[0] < _WITHIN_S
        self._error_times.append(now)
        return not is_loop

    def _show(self, error: Exception) -> None:
        logger.error("A handler ended with an error", exc_info=error)
        if isinstance(error, KNOWN_ERRORS):
            self.tell_error(error)
        else:
            words = f"{type(error).__name__}: {error}".removesuffix(".")
            sentence = "Palate continues, and what you judged is saved. Its cause is in the folder logs."
            self.tell(title_of(error), f"{words}. {sentence}", severity="error")
        self.refresh(repaint=True, layout=True)

    def _handle_exception(self, error: Exception) -> None:
        """Textual's hook for errors of workers, timers, compose and layout, and for those that `outlives` refused."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if not isinstance(cause, Exception) or not self.outlives(cause, _node_at_work()):
            super()._handle_exception(error)


def is_absent(node: MessagePump | None) -> bool:
    """Whether the widgets of `node` cannot be found: it is not composed yet, has left the app, or is about to."""
    if not isinstance(node, DOMNode):
        return False
    return node._closing or node._closed or node._pruning or not (node._is_mounted and node.is_attached)


def has_absent(node: MessagePump | None) -> bool:
    """Whether a widget below `node` is not composed yet, or is about to leave: what it holds cannot be found."""
    return isinstance(node, DOMNode) and any(is_absent(each) for each in node.walk_children())


def _node_at_work() -> MessagePump | None:
    """The node whose worker, timer or handler runs now."""
    worker: Worker[Any] | None = active_worker.get(None)
    return worker._node if worker is not None else active_message_pump.get(None)


_dispatch = MessagePump._dispatch_message


async def _dispatch_guarded(node: MessagePump, message: Message) -> None:
    """Textual's dispatch, except that an error which the app outlives does not end the node's message loop."""
    try:
        await _dispatch(node, message)
    except Exception as error:
        app = active_app.get(None)
        if not (isinstance(app, SurvivingApp) and app.outlives(error, node)):
            raise


# Widgets of Textual itself dispatch through their base class, so no subclass of ours could catch their errors.
MessagePump._dispatch_message = _dispatch_guarded  # type: ignore[assignment,method-assign]
