"""Upload an adapter with its card to the Hugging Face Hub, or to another server of its protocol (HF_ENDPOINT)."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui.errors import InputError, WorkbenchError
from tui.export.adapter_service import copy_with_card
from tui.reader import WorkspaceReader
from tui.workspace.consent import Consents, Destination
from tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_REPOSITORY = re.compile(r"(?!.*(--|\.\.))\w([\w.-]*\w)?/\w([\w.-]*\w)?(?<!\.git)", re.ASCII)
"""What the Hub accepts: no hyphen or dot at an end, no two in a row, no ending `.git`."""
_LONGEST_REPOSITORY = 96
_LOG_IN = "Run `hf auth login` with a token that may write, and try again."


class PushFailed(WorkbenchError):
    """The Hub did not take an adapter."""

    title = "The Hub did not take the adapter"


def repository_place(repository: str) -> Destination:
    """The repository as a place that gets texts.

    Raises:
        InputError: it is not of the form USER/REPO.
    """
    if not _REPOSITORY.fullmatch(repository) or len(repository) > _LONGEST_REPOSITORY:
        raise InputError(f"{repository!r} is no repository. Name it as USER/REPO, such as anna/taste-1.")
    host = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co").netloc.rpartition("@")[2]
    return Destination("hub", f"{host}/{repository}")


def allow_repository(workspace: Workspace, repository: str) -> None:
    """Record that a person lets adapters go to this repository."""
    Consents(workspace).allow(repository_place(repository))


def push_adapter(view: WorkspaceReader, name: str, repository: str, *, public: bool = False) -> str:
    """Upload an adapter in PEFT's form, with its card; returns its address. A new repository is private by default.

    Raises:
        AdapterError: there is no such adapter, or its weights are not those that were published.
        InputError: the repository's name is not usable, or it is public and `public` is False.
        TextsStay: nobody allowed that adapters go there.
        PushFailed: the Hub refuses, or cannot be reached.
    """
    place = repository_place(repository)
    act = f"`palate adapters push {name} {repository} --allow` allows it, or P on the page of its run."
    Consents(view.workspace).require(place, act)
    with tempfile.TemporaryDirectory(prefix="palate-push-") as folder:
        copy = Path(folder) / "adapter"
        adapter = copy_with_card(view, name, copy, repository)
        return _upload(copy, repository, f"Palate: {adapter.manifest.name}", public)


def _upload(folder: Path, repository: str, message: str, public: bool) -> str:
    """Raise the Hub's refusals in words."""
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()  # they would cover the screens
    api = HfApi()
    try:
        _check_seen(api, repository, public)
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message=message)
    except LocalTokenNotFoundError:
        raise PushFailed(f"Nobody is logged in at the Hub. {_LOG_IN}") from None
    except HfHubHTTPError as error:
        raise PushFailed(_refusal(error, repository)) from error
    except (httpx2.HTTPError, OSError, RuntimeError) as error:  # the last is what an upload of weights raises
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PushFailed(f"The Hub cannot be reached: {reason} Connect to the network, and try again.") from error
    return f"{api.endpoint}/{repository}"


def _check_seen(api: HfApi, repository: str, public: bool) -> None:
    """Make the repository where it is missing. Raise where everyone can see one that is there, and nobody said so."""
    api.create_repo(repository, private=not public, exist_ok=True)
    if not public and not api.model_info(repository).private:
        raise InputError(f"Everyone can see {repository}. Add --public if that is meant, or choose another name.")


def _refusal(error: Exception, repository: str) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status == 401:
        return f"The Hub does not know who you are. {_LOG_IN}"
    if status == 403:
        return f"The Hub does not let you write to {repository}. {_LOG_IN}"
    said = (str(getattr(error, "server_message", None) or error).strip() or type(error).__name__).splitlines()[0]
    return f"The Hub says: {said} Check the name {repository}, and try again."
