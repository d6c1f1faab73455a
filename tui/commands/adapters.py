"""`palate adapters`: the adapters that were trained or added, and the one in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.options import EventStream, Options
from tui.commands.output import as_json, show_table
from tui.events import AdapterMerged, WorkbenchEvent
from tui.export.output_path import GGUF_DTYPES
from tui.ipc.console import CallerPath, emit, say
from tui.text.format import when

if TYPE_CHECKING:
    from tui.workbench import Workbench


overwrite = click.option("--overwrite", is_flag=True, help="Replace a model or an adapter that is there.")


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def adapters(ctx: click.Context, as_json: bool) -> None:
    """List the adapters, newest first."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.obj.reading() as view:
        rows = view.adapters()
        damaged = view.workspace.registry.damaged()
    for folder, reason in damaged:
        say(f"The adapter folder {folder} is damaged: {reason}")
    if as_json:
        for row in rows:
            emit({"event": "adapter", **asdict(row)})
    elif rows:
        show_table(
            [
                {
                    "": "●" if row.in_use else " ",
                    "name": row.name,
                    "id": row.id,
                    "lineage": " → ".join(row.lineage),
                    "run": row.run,
                    "pairs": row.pairs,
                    "made": when(row.created),
                }
                for row in rows
            ]
        )
    else:
        say("There is no adapter yet. Train one with `palate train`.")


@adapters.command()
@click.argument("adapter", metavar="NAME|base")
@as_json
@click.pass_obj
def use(options: Options, adapter: str, as_json: bool) -> None:
    """Let an adapter answer from now on; `base` returns to the base model alone."""
    _use(options, None if adapter == "base" else adapter, as_json)


@adapters.command()
@as_json
@click.pass_obj
def unload(options: Options, as_json: bool) -> None:
    """Let the base model alone answer from now on."""
    _use(options, None, as_json)


def _use(options: Options, adapter: str | None, as_json: bool) -> None:
    with options.working() as workbench, EventStream(workbench) as heard:
        for _ in heard.until(workbench.use_adapter(adapter)):
            pass
    if as_json:
        emit({"event": "in_use", "adapter": adapter})
    else:
        say(f"{adapter or 'base'} answers from now on.")


@adapters.command()
@click.argument("folder", type=CallerPath())
@click.option("--name", required=True, help="The adapter's name here.")
@as_json
@click.pass_obj
def add(options: Options, folder: Path, name: str, as_json: bool) -> None:
    """Add a PEFT LoRA folder that was made for this base model. It is checked in full first."""
    with options.working() as workbench:
        added = workbench.adapter_service.add(folder, name=name)
    if as_json:
        emit(
            {
                "event": "adapter",
                "id": added.manifest.id,
                "name": name,
                "folder": str(added.folder),
                "note": added.manifest.note,
            }
        )
    else:
        if added.manifest.note:
            say(added.manifest.note)
        say(f"{name} is added. Use it with `palate adapters use {name!r}`.")


@adapters.command()
@click.argument("adapter", metavar="NAME")
@click.argument("folder", type=CallerPath())
@overwrite
@as_json
@click.pass_obj
def export(options: Options, adapter: str, folder: Path, overwrite: bool, as_json: bool) -> None:
    """Copy an adapter into FOLDER in PEFT's own format, with a model card."""
    from tui.export.adapter_service import export_adapter

    with options.reading() as view:
        exported = export_adapter(view, adapter, folder, overwrite=overwrite).manifest
    if as_json:
        emit({"event": "exported", "id": exported.id, "name": exported.name, "path": str(folder)})
    else:
        say(f"{exported.name} is in {folder}, with a model card.")


@adapters.command()
@click.argument("adapter", metavar="NAME")
@click.argument("repository", metavar="USER/REPO")
@click.option("--public", is_flag=True, help="Let everyone see a new repository. Default: you alone.")
@click.option("--allow", is_flag=True, help="Let adapters of this workspace go to this repository from now on.")
@as_json
@click.pass_obj
def push(options: Options, adapter: str, repository: str, public: bool, allow: bool, as_json: bool) -> None:
    """Upload an adapter with its model card to the Hugging Face Hub, as the user of `hf auth login`."""
    from tui.export.hub_push import allow_repository, push_adapter

    if allow:
        with options.consenting("P on the run's page") as workbench:
            allow_repository(workbench.workspace, repository)
    with options.reading() as view:
        url = push_adapter(view, adapter, repository, public=public)
    if as_json:
        emit({"event": "pushed", "adapter": adapter, "repository": repository, "url": url})
    else:
        say(f"{adapter} is at {url}.")


@adapters.command()
@click.argument("adapter", metavar="NAME")
@click.argument("target", metavar="FOLDER|FILE.gguf", type=CallerPath())
@click.option(
    "--dtype",
    type=click.Choice(GGUF_DTYPES),
    default="auto",
    help="Number format. auto: that of the base model's files, float16 in a GGUF file. q8_0: GGUF files only.",
)
@overwrite
@as_json
@click.pass_obj
def merge(options: Options, adapter: str, target: Path, dtype: str, overwrite: bool, as_json: bool) -> None:
    """Write base model and adapter as one model: a folder, or one GGUF file for llama.cpp."""
    with options.working() as workbench, EventStream(workbench) as heard:
        job = workbench.adapter_service.merge(adapter, target, dtype=dtype, overwrite=overwrite)
        try:
            _follow(workbench, heard.until(job), as_json)
        finally:
            workbench.scheduler.end(job)  # after ctrl+C, or when the client is gone


def _follow(workbench: Workbench, heard: Iterator[WorkbenchEvent], as_json: bool) -> None:
    last = ""
    for published in heard:
        if isinstance(published, AdapterMerged) and as_json:
            emit({"event": "merged", "path": published.path, **asdict(published.merged)})
        doing = workbench.adapter_service.doing
        if doing is not None and doing != last:
            say(doing)
            last = doing


@adapters.command()
@click.argument("adapter", metavar="NAME")
@click.argument("folder", metavar="FOLDER", type=CallerPath())
@as_json
@click.pass_obj
def gguf(options: Options, adapter: str, folder: Path, as_json: bool) -> None:
    """Write an adapter alone as a GGUF file into FOLDER, named after its weights, for `llama-server --lora FILE`."""
    with options.working() as workbench:
        target = workbench.adapter_service.write_gguf(adapter, folder)
    if as_json:
        emit({"event": "exported", "name": adapter, "path": str(target)})
    else:
        say(f"{adapter} is in {target}. Start llama.cpp's server with --lora {target}.")


@adapters.command()
@click.argument("adapter", metavar="NAME")
@click.argument("new", metavar="NEW")
@as_json
@click.pass_obj
def rename(options: Options, adapter: str, new: str, as_json: bool) -> None:
    """Give an adapter another name."""
    with options.owning() as workbench:
        renamed = workbench.adapter_service.rename(adapter, new)
    if as_json:
        emit({"event": "renamed", "id": renamed.manifest.id, "name": renamed.manifest.name})
    else:
        say(f"{adapter} is called {renamed.manifest.name} from now on.")


@adapters.command()
@click.argument("adapter", metavar="NAME")
@as_json
@click.pass_obj
def remove(options: Options, adapter: str, as_json: bool) -> None:
    """Delete an adapter's files. Its run, pairs, figures and trials stay."""
    with options.owning() as workbench:
        removed = workbench.adapter_service.remove(adapter)
    if as_json:
        emit({"event": "removed", "id": removed.manifest.id, "name": removed.manifest.name})
    else:
        say(f"{removed.manifest.name} is removed. Its run, pairs, figures and trials stay.")
