"""The settings of a workspace: the queue, the source of answers, leaving, colours, runs. No torch, no Textual."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.chat_servers.address import Server
from engine.config import SamplingConfig, check_settings, setting, settings_of
from engine.errors import SettingError

BY_MARGIN = ("margin", "certain")
"""The orders of asking that the adapter in use decides."""
IN_USE, BASE, SERVER, AUTO = "in-use", "base", "server", "auto"
AT = "@"
"""Between a policy and the server that it answers on: base@box."""
GO_ON, LEAVE = "go-on", "leave"
FIRST_REASONS = ("correct", "clear", "shorter", "tone", "format", "made up")
"""The reasons that a new workspace offers."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST_PERSON_NAME = 40
"""The most characters of a person's name."""


@dataclass(frozen=True, kw_only=True)
class QueueConfig:
    """The number of comparisons that wait, the order of prompts, and the repeats."""

    depth: int = setting(12, "Comparisons kept ready while nothing else computes.", low=1, high=10_000)
    low_mark: int = setting(6, "With fewer comparisons ready than this, a run waits while answers are written …", low=1)
    high_mark: int = setting(6, "… until this many are ready again.", low=1)
    nearly_equal: float = setting(
        0.95,
        "Pairs of answers this much alike are not asked: the share of words that both have, in order.",
        above=0,
        high=1,
    )
    order: str = setting(
        "in-order",
        "The next pair: prompts in order, shuffled, or the ready pair that the adapter in use is least (margin) or "
        "most sure of (certain), whose answers differ most (different), or that a judge is least sure of (judge: see "
        "`palate judges sort`).",
        choices=("in-order", "shuffled", "margin", "certain", "different", "judge"),
    )
    random_share: float = setting(
        0.25, "With the orders margin and certain, the share of pairs taken by chance.", low=0, high=1
    )
    candidates: int = setting(
        2,
        "With the orders margin, certain and different: answers written to each prompt, of which two are asked by that "
        "order; the others are dropped.",
        low=2,
        high=8,
    )
    ask_again: float = setting(
        0.05,
        "Share of pairs asked a second time, sides swapped, to measure how often you agree with yourself.",
        low=0,
        high=0.5,
    )
    goal: int | None = setting(
        None, "Verdicts that you want to give in one sitting; the line at the bottom counts them. none: no goal.", low=1
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if not self.low_mark <= self.high_mark <= self.depth:
            raise SettingError(
                f"--low-mark is {self.low_mark}, --high-mark {self.high_mark}, --depth {self.depth}; they must rise in "
                "that order. Change the others first."
            )


@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """The policies that write the two answers of a comparison."""

    policy: str = setting(
        AUTO,
        "Who answers: base, in-use (the adapter in use), an adapter's name, or these on a server (base@box); server is "
        "the one below; auto is server if one is set.",
    )
    against: str | None = setting(None, "Who writes the other answer, in the same words; none: the same one.")
    against_sampling: str | None = setting(
        None, 'Other sampling for the other answer, such as "temperature=1.3 top_p=1"; none: the same.'
    )
    system: str | None = setting(None, "A system prompt for every answer; it is trained on as well.")
    server: str | None = setting(None, "Address of an OpenAI-compatible server, such as http://localhost:8000/v1.")
    server_model: str | None = setting(None, "The model's name at that server.")
    server_key_env: str | None = setting(
        None, "Name of the environment variable that holds the server's key; the key is never stored."
    )
    server_timeout: float = setting(120.0, "Seconds that the server may be silent.", above=0)
    server_retries: int = setting(3, "How often a request is repeated after a temporary failure.", low=0, high=20)
    server_parallel: int = setting(
        16,
        "At most this many answers requested from a server at a time; fewer where more are no faster.",
        low=1,
        high=256,
    )

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def first(self) -> str:
        """The policy that writes the first answer, with auto resolved."""
        if self.policy != AUTO:
            return self.policy
        return SERVER if self.server else IN_USE

    @property
    def second(self) -> str:
        """The policy that writes the other answer."""
        return self.against or self.first

    def to_server(self) -> Server:
        """The server of these settings.

        Raises:
            SettingError: its address or its model is missing, or the address or the key's place is not usable.
        """
        check_key_env(self.server_key_env)
        if not self.server:
            raise SettingError("The policy is a server, and the setting `server` is empty. Set it, or another policy.")
        if not self.server_model:
            check_server(self.server)  # the address may hold a key, so no other error comes before, and none repeats it
            raise SettingError("The setting `server_model` is empty. Name the model that answers at that server.")
        name, key_env = self.server_model, self.server_key_env
        return Server(self.server, name, key_env, self.server_timeout, self.server_retries, self.server_parallel)


def check_key_env(name: str | None) -> None:
    """Raise `SettingError` where this cannot be the name of an environment variable. The error does not repeat it."""
    if name is not None and not _VARIABLE.fullmatch(name):
        raise SettingError(
            "The setting `server_key_env` takes the name of an environment variable, and never the key itself. Put the "
            "key into a variable such as SERVER_KEY, and name that."
        )


def check_server(url: str | None) -> None:
    """Raise `SettingError` where an address of a server may hold a key, or is none. The error does not repeat it."""
    if url is not None:
        Server(url, "")


@dataclass(frozen=True, kw_only=True)
class LeavingConfig:
    """The treatment of a run after its terminal is lost."""

    link_lost: str = setting(
        GO_ON,
        "When the terminal is lost during a run: continue to the run's end without one, or leave at a checkpoint.",
        choices=(GO_ON, LEAVE),
    )

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, kw_only=True)
class BackupsConfig:
    """The backups that the app makes by itself."""

    backups_kept: int = setting(
        3, "Automatic backups of the database that are kept; the app makes one a day. 0: none.", low=0, high=365
    )

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, kw_only=True)
class PersonConfig:
    """The person whose workspace this is."""

    name: str | None = setting(None, "Your name, for others who read your verdicts; none: you are called “me”.")

    def __post_init__(self) -> None:
        check_settings(self)
        if self.name is not None and (len(self.name) > LONGEST_PERSON_NAME or not self.name.isprintable()):
            raise SettingError(
                f"A name has at most {LONGEST_PERSON_NAME} characters, all of them visible. Write another one."
            )


@dataclass(frozen=True, kw_only=True)
class AppearanceConfig:
    """How the screens look."""

    thoughts_shown: str = setting(
        "folded",
        "Thoughts before an answer: folded until o opens them, or open. You judge what you see.",
        choices=("folded", "open"),
    )
    colours: str = setting("dark", "Colours for a dark terminal or for a light one.", choices=("dark", "light"))

    def __post_init__(self) -> None:
        check_settings(self)


def is_served(policy: str) -> bool:
    """Does a server answer as this policy? Then nothing of it needs the model here."""
    return policy == SERVER or AT in policy


def parse_sampling(text: str, sampling: SamplingConfig) -> SamplingConfig:
    """`sampling` with the changes in `text`, such as "temperature=1.3 top_p=1" (commas may separate them too).

    Raises:
        SettingError: a word is not a setting with a value, or the value is not usable.
    """
    known = {each.name: each for each in settings_of(SamplingConfig)}
    changes = {}
    for word in text.replace(",", " ").split():
        name, sign, value = word.partition("=")
        each = known.get(name.replace("-", "_"))
        if each is None or not sign:
            raise SettingError(f"--against-sampling has {word!r}; it takes NAME=VALUE of {', '.join(known)}.")
        changes[each.name] = each.parse(value)
    kept = {name: getattr(sampling, name) for name in known}
    return SamplingConfig(**{**kept, **changes})


@dataclass(frozen=True, kw_only=True)
class RunsConfig:
    """Where a run's settings start, the samples shown during a run, the notification of its end, and the next offer."""

    preset: str = setting(
        "original",
        "The preset that a run's settings start from: original, or auto, by the number of pairs.",
        choices=("original", "auto"),
    )
    samples: int = setting(
        3, "Held-out prompts that a run answers at every evaluation, to show how it changes; 0: none.", low=0, high=12
    )
    sample_tokens: int = setting(96, "Cut such an answer after this many tokens.", low=1, high=2048)
    offer_run_every: int = setting(
        50, "Label offers a new run after this many new pairs since the latest run; 0: never.", low=0
    )
    notify: str = setting(
        "off",
        "Signal at the end of a run: the terminal's bell, or its desktop notification (in tmux and screen the bell).",
        choices=("off", "bell", "desktop"),
    )
    tracker: str = setting(
        "off",
        "Where a run's figures go while it trains, for who has the tracker installed; no prompt and no answer.",
        choices=("off", "trackio", "tensorboard", "wandb"),
    )
    hook: str | None = setting(
        None,
        "A command, or an address that gets a POST, at the end of each run, with its names and figures; setting an "
        "address allows them to go there. $NAME in an address is an environment variable, for what is secret.",
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if self.hook is not None:
            hook_host(self.hook)


def hook_host(hook: str) -> str | None:
    """The host to which the facts of a run go; None where the hook is a command.

    Raises:
        SettingError: the address names no host, or holds a name and a password.
    """
    if not hook.lower().startswith(("http://", "https://")):
        return None
    try:
        parts = urlsplit(hook)
        _ = parts.port  # raises where it is no number up to 65535
    except ValueError:  # such as half of an IPv6 address
        parts = urlsplit("")
    if "@" in parts.netloc or not parts.netloc:
        raise SettingError("The hook's address must name a host, and hold no password: the setting is stored as it is.")
    return parts.netloc.lower()
