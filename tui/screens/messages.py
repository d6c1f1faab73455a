"""What the app and its screens say to each other."""

from textual.message import Message

from tui.events import WorkbenchEvent


class FromWorkbench(Message):
    """Something that the workbench published on its own thread, brought to the app's loop."""

    def __init__(self, published: WorkbenchEvent) -> None:
        super().__init__()
        self.published = published
