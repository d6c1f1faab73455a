"""The adapters of a workspace: one folder each, in PEFT's own format with a manifest beside the weights.

The files are the truth. A folder gets its final name only when everything in it is on the disk, and loses it by a
rename before it is deleted. So an interruption at any moment leaves whole adapters and, at most, hidden leftovers that
`clear_leftovers` deletes. One process writes, the owner of the workspace; any process may read.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from adapters.compatibility import base_name_note, check_shapes, unknown_settings_note
from adapters.errors import (
    AdapterDamaged,
    AdapterFormatError,
    AdapterNameError,
    AdapterNotFound,
    AdapterNotWritten,
)
from adapters.manifest import ID_PATTERN, Adapter, Manifest, read_manifest, write_manifest
from adapters.names import clean_name, free_name, name_key
from adapters.peft_format import CONFIG_FILE, WEIGHTS_FILE, Shape, read_peft_folder
from adapters.storage import copy_private, make_private_folder, move_into_place, seal, sha256_of

__all__ = ["Adapter", "Registry"]

STAGING = ".staging"
REMOVED = ".removed"


class Registry:
    """The adapters in the folder `root`, which is made when the first one is written."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # -- reading -----------------------------------------------------------------------------------------------

    def list(self) -> tuple[Adapter, ...]:
        """Every whole adapter, oldest first. `damaged` lists the others."""
        whole = [found for found in map(self._read, self._folders()) if isinstance(found, Adapter)]
        return tuple(sorted(whole, key=lambda each: (each.manifest.created, each.manifest.id)))

    def damaged(self) -> tuple[tuple[Path, str], ...]:
        """Every folder that is no whole adapter, with the reason in words. Hidden folders are ignored."""
        return tuple((folder, found) for folder in self._folders() if isinstance(found := self._read(folder), str))

    def get(self, name_or_id: str) -> Adapter:
        """The adapter of that id, or of that name in any case.

        Raises:
            AdapterDamaged: the id names a folder that is damaged.
            AdapterNotFound: no adapter has that id or name, or several have that name.
        """
        if ID_PATTERN.fullmatch(name_or_id) and (self.root / name_or_id).is_dir():
            found = self._read(self.root / name_or_id)
            if isinstance(found, str):
                raise AdapterDamaged(f"{self.root / name_or_id}: {found}")
            return found
        every = self.list()
        named = [each for each in every if name_key(each.manifest.name) == name_key(name_or_id)]
        if len(named) == 1:
            return named[0]
        if named:
            ids = ", ".join(each.manifest.id for each in named)
            raise AdapterNotFound(f"{len(named)} adapters are called {name_or_id!r}. Give the id of one: {ids}.")
        known = ", ".join(each.manifest.name for each in every) or "none yet"
        raise AdapterNotFound(f"No adapter is called {name_or_id!r}. There are: {known}.")

    def lineage(self, id: str) -> tuple[Adapter, ...]:
        """The adapter and its ancestors, root first. The line starts below an ancestor that was removed.

        Raises:
            AdapterNotFound: there is no such adapter.
            AdapterDamaged: its manifests name each other as parents.
        """
        return line_of(self.get(id), {each.manifest.id: each for each in self.list()})

    def children(self, id: str) -> tuple[Adapter, ...]:
        """The adapters whose training started from this one, oldest first."""
        return tuple(each for each in self.list() if each.manifest.parent == id)

    def verify(self, id: str) -> Adapter:
        """Hash the weights and compare the checksum with the manifest; returns the adapter.

        Raises:
            AdapterDamaged: the weights are unreadable, or are not those that were published.
            AdapterNotFound: there is no such adapter.
        """
        adapter = self.get(id)
        try:
            found = sha256_of(adapter.folder / WEIGHTS_FILE)
        except OSError as error:
            weights = adapter.folder / WEIGHTS_FILE
            raise AdapterDamaged(f"{weights} cannot be read ({error.strerror}). Restore it from a copy.") from error
        if found != adapter.manifest.checksum:
            raise AdapterDamaged(
                f"The weights of {adapter.manifest.name} have the checksum {found[:12]}…, but the manifest has "
                f"{adapter.manifest.checksum[:12]}…. Restore {adapter.folder / WEIGHTS_FILE} from a copy."
            )
        return adapter

    # -- names -------------------------------------------------------------------------------------------------

    def check_name(self, name: str, *, but: str | None = None) -> str:
        """The name as it would be stored; `but` is the id of an adapter that may already have it.

        Raises:
            AdapterNameError: the name cannot be used, or another adapter has it, in any case.
        """
        name = clean_name(name)
        for each in self.list():
            if name_key(each.manifest.name) == name_key(name) and each.manifest.id != but:
                taken = each.manifest.name
                raise AdapterNameError(f"An adapter is called {taken!r} already. Choose another name.")
        return name

    def free_name(self, stem: str, others: Sequence[str] = ()) -> str:
        """The first of `stem-1`, `stem-2`, … that no adapter has and that is not in `others`.

        Raises:
            AdapterNameError: the stem itself cannot be used.
        """
        return free_name(stem, [*(each.manifest.name for each in self.list()), *others])

    # -- writing -----------------------------------------------------------------------------------------------

    def staging(self) -> Path:
        """A new empty hidden folder to save an adapter in before `publish`; its name becomes the adapter's id.

        Raises:
            AdapterNotWritten: writing to the disk fails.
        """
        with self._writing():
            make_private_folder(self.root)
            make_private_folder(self.root / STAGING)
            while (self.root / (id := f"a{secrets.token_hex(4)}")).exists() or (self.root / STAGING / id).exists():
                pass
            folder = self.root / STAGING / id
            make_private_folder(folder, exist_ok=False)
        return folder

    def staging_of(self, folder: str | Path) -> Path:
        """The folder as a path, if `staging()` made it and it is not published yet.

        Raises:
            AdapterFormatError: the folder is another one.
        """
        path = Path(folder)
        staged = path.parent.resolve() == (self.root / STAGING).resolve() and ID_PATTERN.fullmatch(path.name)
        if not staged or (self.root / path.name).exists():
            raise AdapterFormatError(f"{path} is not a folder of staging(). Save the adapter in such a folder.")
        return path

    def publish(
        self,
        staging: Path,
        *,
        name: str,
        base_source: str,
        base_fingerprint: str,
        parent: str | None,
        run: int | None,
        pairs: int,
        pairs_fingerprint: str | None,
        note: str = "",
        verdicts_of: tuple[str, ...] = (),
    ) -> Adapter:
        """Make the adapter that was saved in a `staging()` folder an adapter of the workspace.

        This writes the manifest beside the weights, syncs everything, makes it private to its owner, and then renames
        the folder to its id, which is atomic.

        Raises:
            AdapterNameError: the name cannot be used or is taken.
            AdapterFormatError: the folder is not one of `staging()`, or holds no usable LoRA adapter.
            AdapterNotWritten: writing to the disk fails.
        """
        name = self.check_name(name)
        id = self.staging_of(staging).name
        read_peft_folder(staging)
        manifest = Manifest(
            id=id,
            name=name,
            base_source=base_source,
            base_fingerprint=base_fingerprint,
            parent=parent,
            run=run,
            pairs=pairs,
            pairs_fingerprint=pairs_fingerprint,
            created=_now(),
            checksum=sha256_of(staging / WEIGHTS_FILE),
            note=note,
            verdicts_of=verdicts_of,
        )
        with self._writing():
            write_manifest(staging, manifest)
            seal(staging)
            move_into_place(staging, self.root / id)
        return Adapter(manifest, self.root / id)

    def add(
        self,
        folder: Path,
        name: str,
        base_source: str,
        base_fingerprint: str,
        *,
        base_shapes: Mapping[str, Shape] | None = None,
        check: Callable[[Path, Path], Sequence[str]] | None = None,
    ) -> Adapter:
        """Copy any PEFT LoRA folder into the workspace, for the base model at hand.

        With `base_shapes`, the adapter's shapes must fit them (see `check_shapes`). `check` is called with the copy and
        the folder before the copy becomes an adapter; it returns sentences for the manifest's note, and what it raises
        ends everything. The note also says where the adapter's maker named another base model, and which settings are
        passed over. The folder itself stays unchanged.

        Raises:
            AdapterNameError: the name cannot be used or is taken.
            AdapterFormatError: the folder holds no LoRA adapter that Palate can use.
            AdapterMisfit: its shapes do not fit the base model.
            AdapterNotWritten: writing to the disk fails.
        """
        self.check_name(name)
        found = read_peft_folder(folder)
        if base_shapes is not None:
            check_shapes(found, base_shapes)
        staging = self.staging()
        try:
            with self._writing():
                for file in (CONFIG_FILE, WEIGHTS_FILE):
                    copy_private(folder / file, staging / file)
            notes = [base_name_note(found, base_source), unknown_settings_note(found)]
            notes += check(staging, folder) if check is not None else ()
            return self.publish(
                staging,
                name=name,
                base_source=base_source,
                base_fingerprint=base_fingerprint,
                parent=None,
                run=None,
                pairs=0,
                pairs_fingerprint=None,
                note=" ".join(each for each in notes if each),
            )
        finally:
            shutil.rmtree(staging, ignore_errors=True)  # nothing is there once it is published

    def rename(self, id: str, name: str) -> Adapter:
        """Give an adapter another name; its id and its folder stay the same.

        Raises:
            AdapterNameError: the name cannot be used or is taken.
            AdapterNotFound: there is no such adapter.
        """
        adapter = self.get(id)
        manifest = replace(adapter.manifest, name=self.check_name(name, but=adapter.manifest.id))
        with self._writing():
            write_manifest(adapter.folder, manifest)
        return Adapter(manifest, adapter.folder)

    def remove(self, id: str) -> None:
        """Delete an adapter's files. Adapters that were trained from it stay whole; their lineage starts below it.

        Raises:
            AdapterNotFound: there is no such adapter.
        """
        adapter = self.get(id)
        hidden = self.root / REMOVED / f"{adapter.manifest.id}-{secrets.token_hex(4)}"
        with self._writing():
            make_private_folder(hidden.parent)
            move_into_place(adapter.folder, hidden)
            shutil.rmtree(hidden)

    def clear_leftovers(self) -> int:
        """Delete the folders that interrupted writes left behind; returns how many.

        Only the owner of the workspace may call this, and only at its start, when it has nothing in staging itself.
        """
        leftovers = [each for hidden in (STAGING, REMOVED) for each in _folders_in(self.root / hidden)]
        with self._writing():
            for each in leftovers:
                shutil.rmtree(each)
        return len(leftovers)

    # -- inside ------------------------------------------------------------------------------------------------

    def _folders(self) -> tuple[Path, ...]:
        return tuple(each for each in _folders_in(self.root) if not each.name.startswith("."))

    def _read(self, folder: Path) -> Adapter | str:
        """The adapter in `folder`, or the reason why there is none."""
        if folder.is_symlink():
            return "It is a link. Move the real folder here."
        try:
            manifest = read_manifest(folder)
        except AdapterDamaged as error:
            return str(error)
        if manifest.id != folder.name:
            return f"Its manifest says {manifest.id}. Rename the folder to that, or add it again as another adapter."
        for file in (CONFIG_FILE, WEIGHTS_FILE):
            if not (folder / file).is_file():
                return f"It has no {file}. Restore the file from a copy."
        return Adapter(manifest, folder)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = f"{error.filename or self.root}: {error.strerror or error}"
            raise AdapterNotWritten(f"{problem}. Free some space or correct the permissions, and try again.") from error


def _folders_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(each for each in folder.iterdir() if each.is_dir())) if folder.is_dir() else ()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line_of(adapter: Adapter, known: Mapping[str, Adapter]) -> tuple[Adapter, ...]:
    """The adapter and its ancestors, root first. `known` holds the adapters by id, so that many calls share one read.

    Raises:
        AdapterDamaged: the manifests name each other as parents.
    """
    line = [adapter]
    seen = {adapter.manifest.id}
    while (parent := known.get(line[0].manifest.parent or "")) is not None:
        if parent.manifest.id in seen:
            raise AdapterDamaged(f"{line[0].manifest.id} descends from itself. Restore its manifest from a copy.")
        seen.add(parent.manifest.id)
        line.insert(0, parent)
    return tuple(line)
