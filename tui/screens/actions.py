"""Actions that several screens have, each group of them an object of its own that a screen holds."""

from tui.widgets.binding import TextualBinding


class Actions:
    """A group of actions: its methods `action_NAME` become those of the screen that takes it. Subclasses add them.

    The screen lists the group's keys among its own `BINDINGS`, which gives them their places in the line of keys.
    """

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Does the action do something now? As Textual's `check_action`: False hides its key, None dims it."""
        del action, parameters
        return True

    def word(self, binding: TextualBinding) -> str:
        """The word beside the key in the line of keys."""
        return binding.description

    def names(self) -> list[str]:
        """The names of the group's actions."""
        return [name.removeprefix("action_") for name in dir(self) if name.startswith("action_")]
