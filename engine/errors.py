"""What can go wrong in the engine, as sentences that a person can act on.

    EngineError
    ├── SettingError          a setting is out of its range or of the wrong kind
    ├── ModelError            a base model cannot be found, read or used
    │   ├── DownloadError     the network or the disk did not give what was asked
    │   └── AdapterLoadError  an adapter does not fit the base model
    ├── MergeError            an adapter cannot be merged into its base model, or not be written
    ├── PromptRefused         a prompt leaves a model no room to answer
    ├── ServerError           a server that writes answers cannot be asked, or refuses
    ├── PairsError            the preference pairs cannot be trained on
    └── TrainingError         a run had to stop
        ├── NonFiniteLoss     the loss became NaN or infinite
        ├── CheckpointError   a checkpoint is missing, damaged or of another run
        │   └── CheckpointMisfit  it is whole, and of a run with other settings or another start
        └── RunInterrupted    the machine did not give what a run needs; the run can go on later
            ├── DiskRefused   there is no room, or the disk does not answer
            └── MemoryRanOut  there is no memory left, on the device or beside it

Each error has a short `title` and a message that gives the fact, the value and the next act.
"""

from typing import ClassVar


class EngineError(Exception):
    """Root of all errors that the engine raises on purpose."""

    title: ClassVar[str] = "The engine stopped"


class SettingError(EngineError):
    """A setting is out of its range or of the wrong kind."""

    title = "A setting is not usable"


class ModelError(EngineError):
    """A base model cannot be found, read or used."""

    title = "The model cannot be loaded"


class DownloadError(ModelError):
    """The network or the disk did not give what was asked."""

    title = "The download did not finish"


class AdapterLoadError(ModelError):
    """An adapter does not fit the base model."""

    title = "The adapter does not fit"


class MergeError(EngineError):
    """An adapter cannot be merged into its base model, or what was merged cannot be written."""

    title = "The adapter cannot be merged"


class PromptRefused(EngineError):
    """A prompt leaves a model no room to answer; `key` is that of the answer that was asked for."""

    title = "The prompt is too long"

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class ServerError(EngineError):
    """A server that writes answers cannot be asked, or refuses."""

    title = "The server does not answer"


class PairsError(EngineError):
    """The preference pairs cannot be trained on."""

    title = "These pairs cannot be trained on"


class TrainingError(EngineError):
    """A run had to stop."""

    title = "The run stopped"


class NonFiniteLoss(TrainingError):
    """The loss became NaN or infinite."""

    title = "The loss is no longer a number"


class CheckpointError(TrainingError):
    """A checkpoint is missing, damaged or belongs to another run."""

    title = "The checkpoint cannot be used"


class CheckpointMisfit(CheckpointError):
    """A checkpoint is whole, and belongs to a run with other settings or another start."""


class RunInterrupted(TrainingError):
    """The machine did not give what a run needs. From its last checkpoint it can go on once there is some."""

    title = "The run was interrupted"


class DiskRefused(RunInterrupted):
    """There is no room left, or the disk does not answer."""

    title = "The disk refused"


class MemoryRanOut(RunInterrupted):
    """There is no memory left, on the device or beside it."""

    title = "The memory ran out"
