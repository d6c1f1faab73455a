"""What the app and its screens say to each other."""

from textual.message import Message

from tui.events import Published


class FromWorkbench(Message):
    """Something that the workbench published on its own thread, brought to the app's loop."""

    def __init__(self, published: Published) -> None:
        super().__init__()
        self.published = published
