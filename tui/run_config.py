"""What a workspace keeps about runs beside their own settings. No torch, no Textual."""

from dataclasses import dataclass

from engine.config import check_settings, setting


@dataclass(frozen=True, kw_only=True)
class RunsConfig:
    """What is shown of a run while it learns, how its end is told, and when another one is offered."""

    samples: int = setting(
        3, "Held-out prompts that a run answers at every evaluation, to read how it changes; 0: none.", low=0, high=12
    )
    sample_tokens: int = setting(96, "Cut such an answer after this many tokens.", low=1, high=2048)
    offer_run_every: int = setting(
        50, "Label offers a new run when so many pairs came since the latest one; 0: never.", low=0
    )
    notify: str = setting(
        "off",
        "How the end of a run is told: the terminal's bell, or its desktop notification (in tmux the bell as well).",
        choices=("off", "bell", "desktop"),
    )

    def __post_init__(self) -> None:
        check_settings(self)
