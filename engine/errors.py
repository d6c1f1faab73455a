"""The errors of the engine, as sentences that a person can act on.

    EngineError
    ├── SettingError          a setting is out of its range or of the wrong kind
    ├── ModelError            a base model cannot be found, read or used
    │   ├── DownloadError     a model could not be downloaded
    │   ├── AdapterLoadError  an adapter does not fit the base model
    │   └── TemplateRefused   the model's chat template raises an error
    ├── MergeError            an adapter cannot be merged into its base model, or the result not be written
    ├── PromptRefused         a prompt leaves a model no room for an answer
    ├── ServerError           a server that writes answers cannot be reached, or refuses
    │   └── AnswersMissing    several requests in turn got no answer
    ├── AnswersAlike          several prompts in turn got the same answer each time
    ├── PairsError            the preference pairs cannot be trained on
    └── TrainingError         a run had to stop
        ├── NonFiniteLoss     the loss became NaN or infinite
        ├── CheckpointError   a checkpoint is missing or damaged, or belongs to another run
        │   └── CheckpointMisfit  it is complete, and belongs to a run with other settings or another start
        └── RunInterrupted    the machine failed a run, which can continue later
            ├── DiskRefused   the disk is full, or does not answer
            ├── MemoryRanOut  no memory is left, on the device or beside it
            └── ProcessLost   a process of a run on several devices was killed
                └── PeerLost  the same as the other processes see it

Each error has a short `title`, and a message of at most two sentences: what failed, why, and what to do.
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
    """A model could not be downloaded."""

    title = "The download did not finish"


class AdapterLoadError(ModelError):
    """An adapter does not fit the base model."""

    title = "The adapter does not fit"


class TokenUnknown(ModelError):
    """A text has a token that the model does not have."""

    title = "The text cannot be read"


class TemplateRefused(ModelError):
    """The model's chat template raises an error; `words` are the template's own."""

    title = "The chat template refuses"

    def __init__(self, words: str, act: str = "Change the prompt, or choose another model.") -> None:
        super().__init__(f"The model's chat template refuses the prompt: {words}. {act}")
        self.words = words


class MergeError(EngineError):
    """An adapter cannot be merged into its base model, or the merged model cannot be written."""

    title = "The adapter cannot be merged"


class PromptRefused(EngineError):
    """A prompt leaves a model no room for an answer; `key` is the key of its request."""

    title = "The prompt is too long"

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class ServerError(EngineError):
    """A server that writes answers cannot be reached, or refuses."""

    title = "The server does not answer"


class AnswersMissing(ServerError):
    """A server gave no answer to several requests in turn; asking it again without a change would not help."""

    title = "The server gives no answers"


class AnswersAlike(EngineError):
    """Several prompts in turn got nearly the same answer each time; asking more of them would not help."""

    title = "The answers do not differ"


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
    """A checkpoint is missing or damaged, or belongs to another run."""

    title = "The checkpoint cannot be used"


class CheckpointMisfit(CheckpointError):
    """A checkpoint is complete, and belongs to a run with other settings or another start."""


class RunInterrupted(TrainingError):
    """The machine failed a run, which can continue from its last checkpoint once the cause is gone."""

    title = "The run was interrupted"


class DiskRefused(RunInterrupted):
    """The disk is full, or does not answer."""

    title = "The disk refused"


class MemoryRanOut(RunInterrupted):
    """No memory is left, on the device or beside it."""

    title = "The memory ran out"


class ProcessLost(RunInterrupted):
    """A process of a run on several devices was killed, or ended without an error."""

    title = "A process of the run ended"


class PeerLost(ProcessLost):
    """A process of a run does not answer the others; which one it was, the owner of the workspace knows."""
