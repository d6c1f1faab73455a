"""`palate doctor`: check the machine, the model, the workspace and the terminal, and say what to do."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import psutil

from db.connection import quick_check
from db.errors import DatabaseError, WorkspaceBusy
from db.lock import WorkspaceLock
from engine.errors import EngineError
from engine.sources.default_model import DEFAULT_SOURCE, default_folder
from engine.sources.packages import NEEDED, missing_packages
from tui.commands.options import Options
from tui.commands.output import as_json
from tui.errors import WorkbenchError
from tui.ipc.console import emit
from tui.text.format import when
from tui.text.sanitize import visible
from tui.training.model_memory import memory_needs
from tui.workspace.check import BAD, GOOD, NOTE, Finding, adapter_finding, check_workspace
from tui.workspace.consent import Consents
from tui.workspace.servers import ServerList
from tui.workspace.settings_store import list_settings, stored_settings
from tui.workspace.workspace import Workspace, read_workspace

REPORTED_PACKAGES = ("palate", "textual", "transformers", "torch", "peft", "datasets", "sqlite-utils")
SMALLEST = (60, 16)
RUN_ON_HARDWARE = (
    "Palate ran on one NVIDIA H200, before it had captured graphs and fused attention, which have run on no card yet "
    "(docs/BENCHMARKS.md). The ordinary tests run on processors."
)
"""What has been run on hardware and what has not, in one sentence."""
ON_SEVERAL = (
    "Runs on several GPUs were tried with processes on a processor alone. With --devices each GPU holds the whole "
    "model; one that does not fit a single GPU is spread over all (--device all), where one GPU computes at a time."
)
STATE_SIGNS = {GOOD: "✓", NOTE: "·", BAD: "×"}


@click.command()
@click.option("--check", is_flag=True, help="Check only the workspace, and all of it: every page, adapter and file.")
@as_json
@click.pass_obj
def doctor(options: Options, check: bool, as_json: bool) -> None:
    """Check machine, model, workspace and terminal; exit with 1 when you have to do something."""
    if check:
        _report(list(check_workspace(options.folder)), as_json)
        return
    findings = [*_machine(), *_torch(), *_model(options), *_workspace(options.folder), *_terminal()]
    _report(findings, as_json)


def _report(findings: Sequence[Finding], as_json: bool) -> None:
    for each in findings:
        if as_json:
            emit(asdict(each))
        else:
            print(f"{STATE_SIGNS[each.state]} {each.area:<10} {visible(each.text)}")
    if any(each.state == BAD for each in findings):
        raise SystemExit(1)


def _machine() -> Iterator[Finding]:
    memory = psutil.virtual_memory()
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count()
    yield Finding(
        "machine",
        GOOD,
        f"{platform.system()} {platform.machine()}, {cores} cores, "
        f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB of memory free",
    )
    yield Finding("python", GOOD, platform.python_version())
    for package in REPORTED_PACKAGES:
        try:
            yield Finding("package", GOOD, f"{package} {version(package)}")
        except PackageNotFoundError:
            if package in NEEDED:  # `_torch` says what that means
                continue
            yield Finding("package", BAD, f"{package} is not installed. Install Palate again, with `make run`.")


def _torch() -> Iterator[Finding]:
    if missing := missing_packages():
        yield Finding("packages", NOTE, f"{', '.join(missing)} not installed: servers answer, and nothing trains here.")
        return
    from engine.precision import choose_device, choose_dtype  # imports torch

    device, why_device = choose_device("auto")
    yield Finding("device", GOOD, why_device)
    yield Finding("weights", GOOD, choose_dtype("auto", device)[1])
    yield Finding("hardware", NOTE, RUN_ON_HARDWARE)
    yield from _several_gpus()
    try:
        packed = f"--dtype 4bit works through bitsandbytes {version('bitsandbytes')}; tested on processors alone."
        yield Finding("4 bits", GOOD if device == "cpu" else NOTE, packed)
    except PackageNotFoundError:
        yield Finding("4 bits", NOTE, "--dtype 4bit needs the extra `quant` (bitsandbytes), which is not installed.")


def _several_gpus() -> Iterator[Finding]:
    from engine.devices import gpu_names

    names = gpu_names()
    if len(names) > 1:
        cards = ", ".join(f"cuda:{number} {name}" for number, name in enumerate(names))
        yield Finding("devices", GOOD, f"{cards}; `palate train --devices all` trains on all of them together")
        yield Finding("devices", NOTE, ON_SEVERAL)


def _model(options: Options) -> Iterator[Finding]:
    source = options.choice.resolved(_last_model(options.folder)).source
    if source != DEFAULT_SOURCE:
        yield Finding("model", NOTE, f"{source}; Palate checks at the start whether it can be loaded.")
        yield from _needs(source)
        return
    try:
        folder = default_folder()
    except EngineError as error:
        yield Finding("model", BAD, str(error))
        return
    if folder.is_dir():
        yield Finding("model", GOOD, f"{source} is ready in {folder}")
    else:
        yield Finding("model", NOTE, f"{source} is not here yet; the first start downloads it (98 MB).")


def _needs(source: str) -> Iterator[Finding]:
    """The memory that training this model takes, estimated before its weights are downloaded."""
    return (Finding("memory", NOTE, sentence) for sentence in memory_needs(source))


def _last_model(folder: Path) -> str | None:
    """The model that the workspace used last. `_workspace` reports a workspace that cannot be read."""
    try:
        workspace = read_workspace(folder)
    except (DatabaseError, WorkbenchError):
        return None
    try:
        model: str | None = workspace.setting("model")
        return model
    except DatabaseError:
        return None
    finally:
        workspace.close()


def _workspace(folder: Path) -> Iterator[Finding]:
    if not (folder / "palate.db").exists():
        yield Finding("workspace", NOTE, f"{folder} has no database yet; `palate` makes one.")
        return
    try:
        workspace = read_workspace(folder)
    except (DatabaseError, WorkbenchError) as error:
        yield Finding("workspace", BAD, str(error))
        return
    try:
        yield Finding("workspace", GOOD, f"{folder}, {_size(folder / 'palate.db')}")
        check = quick_check(workspace.connection)
        yield Finding("database", GOOD if check == "ok" else BAD, f"quick check: {check}")
        yield from _settings(workspace)
        yield from _destinations(workspace)
        for adapter in workspace.registry.list():
            yield adapter_finding(workspace.registry, adapter)
        for broken, reason in workspace.registry.damaged():
            yield Finding("adapter", BAD, f"{broken}: {reason}")
    finally:
        workspace.close()
    yield _owner(folder)


def _settings(workspace: Workspace) -> Iterator[Finding]:
    """The settings that differ from their defaults, and whether they agree with one another."""
    try:
        changed = [f"{each.name} {now}" for each, now in list_settings(workspace) if now != each.default]
        stored_settings(workspace).check()
    except EngineError as error:
        yield Finding("settings", BAD, f"{error} Change it with `palate settings`.")
        return
    yield Finding("settings", GOOD, ", ".join(changed) if changed else "all defaults; `palate settings` lists them")


def _destinations(workspace: Workspace) -> Iterator[Finding]:
    """Where texts may be sent, and which servers wait for a word about that."""
    for each in Consents(workspace).listed():
        kind, place = each.destination.kind, each.destination.place
        yield Finding("texts go to", NOTE, f"{kind} {place}, allowed {when(each.since)}")
    try:
        servers = ServerList(workspace).all()
    except EngineError:  # reported among the settings
        return
    for named in servers:
        if named.destination.is_this_machine:
            words = "on this machine as far as its address shows; a tunnel may lead elsewhere"
            yield Finding("texts go to", NOTE, f"server {named.name} at {named.destination.place}, {words}")
        elif named.id is None:
            yield Finding("texts go to", NOTE, f"the server of the settings, {named.destination.place}")
        elif not named.allowed:
            words = f"nothing is sent there before `palate servers allow {named.name}`"
            yield Finding("servers", NOTE, f"{named.name} at {named.destination.place}: {words}")


def _owner(folder: Path) -> Finding:
    lock = WorkspaceLock(folder)
    try:
        lock.acquire()
    except WorkspaceBusy as error:
        return Finding("owner", NOTE, str(error))
    except DatabaseError as error:
        return Finding("owner", BAD, str(error))
    lock.release()
    return Finding("owner", GOOD, "no other process has this workspace open")


def _terminal() -> Iterator[Finding]:
    columns, rows = shutil.get_terminal_size()
    enough = columns >= SMALLEST[0] and rows >= SMALLEST[1]
    advice = "" if enough else f". Palate needs {SMALLEST[0]}×{SMALLEST[1]}; make it larger."
    yield Finding(
        "terminal", GOOD if enough else BAD, f"{columns}×{rows}, TERM={os.environ.get('TERM', 'not set')}{advice}"
    )
    if os.environ.get("TMUX") and os.environ.get("COLORTERM") not in ("truecolor", "24bit"):
        yield Finding(
            "terminal", NOTE, "inside tmux without COLORTERM: 256 colours. COLORTERM=truecolor gives all of them."
        )
    encoding = (os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "").lower()
    if "utf-8" not in encoding and "utf8" not in encoding:
        yield Finding("terminal", NOTE, "the locale does not say UTF-8; if boxes look broken, set LANG=C.UTF-8.")


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
