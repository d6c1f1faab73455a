"""The errors of adapters on disk.

    AdapterError
    ├── AdapterNotFound    no adapter of that name or id
    ├── AdapterNameError   the name cannot be used, or is taken
    ├── AdapterFormatError the folder is no LoRA adapter that Palate can use
    ├── AdapterDamaged     a manifest or the weights are not what was published
    ├── AdapterNotWritten  writing to the disk failed
    └── AdapterMisfit      the adapter was made for another base model

Each error has a short `title` and a message that gives the fact, the value and what to do.
"""

from typing import ClassVar


class AdapterError(Exception):
    """Root of all errors that this package raises on purpose."""

    title: ClassVar[str] = "The adapter cannot be used"


class AdapterNotFound(AdapterError):
    """No adapter of that name or id is in the workspace."""

    title = "There is no such adapter"


class AdapterNameError(AdapterError):
    """The name cannot be used, or another adapter has it."""

    title = "This name cannot be used"


class AdapterFormatError(AdapterError):
    """The folder is no LoRA adapter, or one of a kind that Palate cannot use."""

    title = "This folder is not a usable LoRA adapter"


class AdapterDamaged(AdapterError):
    """A manifest or the weights are not what was published."""

    title = "The adapter is damaged"


class AdapterNotWritten(AdapterError):
    """Writing to the disk failed."""

    title = "The adapter could not be saved"


class AdapterMisfit(AdapterError):
    """The adapter was made for another base model."""

    title = "The adapter does not fit the model"
