"""`palate servers`: the servers that may answer in place of the model here."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.chat_servers.inspection import PROTOCOLS, ServerReport
from tui.commands.options import Options
from tui.commands.output import as_json, show_list
from tui.ipc.console import CallerPath, emit, say, show
from tui.text.sanitize import visible
from tui.workspace.servers import report_lines

if TYPE_CHECKING:
    from tui.workspace.servers import NamedServer

allowing = click.option("--allow", is_flag=True, help="Let prompts and answers be sent there from now on.")


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def servers(ctx: click.Context, as_json: bool) -> None:
    """List the servers that may answer in place of the model here."""
    if ctx.invoked_subcommand is None:
        _list(ctx.obj, as_json)


@servers.command("list")
@as_json
@click.pass_obj
def list_servers(options: Options, as_json: bool) -> None:
    """List the servers; the one of the settings is called server."""
    _list(options, as_json)


def _list(options: Options, as_json: bool) -> None:
    with options.reading() as view:
        rows = view.servers.all()
    empty = "There is no server yet. Add one with `palate servers add NAME URL --model ID`."
    show_list(rows, _record, _shown, empty=empty, as_json=as_json)


def _shown(each: NamedServer) -> dict[str, Any]:
    return {
        "name": each.name,
        "address": each.server.url,
        "model": each.server.model,
        "program": each.program,
        "key": f"in {each.server.key_env}" if each.server.key_env else "none",
        "texts": "allowed" if each.allowed else "not allowed yet",
    }


def _record(each: NamedServer) -> dict[str, Any]:
    server = {"url": each.server.url, "model": each.server.model, "key_env": each.server.key_env}
    return {"event": "server", "name": each.name, "protocol": each.protocol, "allowed": each.allowed} | server


@servers.command()
@click.argument("name")
@click.argument("url")
@click.option("--model", required=True, metavar="ID", help="The name of the model at that server.")
@click.option("--key-env", metavar="VAR", help="The environment variable with its key; the key is never stored.")
@click.option("--protocol", type=click.Choice([*PROTOCOLS]), help="How it is spoken to. Default: Palate asks it.")
@allowing
@as_json
@click.pass_obj
def add(options: Options, /, name: str, url: str, allow: bool, as_json: bool, **more: Any) -> None:
    """Add a server under a name. A policy on it is written NAME@SERVER, such as base@box."""
    with options.owning() as workbench:
        workbench.servers.add(name, url, **more)
        if allow:
            workbench.servers.allow(name)
        added = workbench.servers.get(name)
    if as_json:
        emit(_record(added))
        return
    say(f"{name} is added: {added.program}, model {added.server.model}. Let it answer with base@{name}.")
    if not added.allowed:
        say(f"Nothing is sent to {added.destination.place} before you allow it: `palate servers allow {name}`.")


@servers.command()
@click.argument("name")
@click.pass_obj
def allow(options: Options, name: str) -> None:
    """Let prompts and answers be sent to a server from now on."""
    with options.owning() as workbench:
        workbench.servers.allow(name)
        place = workbench.servers.get(name).destination.place
    say(f"Prompts and answers may be sent to {place}. `palate servers forbid {name}` takes that back.")


@servers.command()
@click.argument("name")
@click.pass_obj
def forbid(options: Options, name: str) -> None:
    """Let nothing be sent to a server from now on, or to another place that `palate doctor` lists."""
    with options.owning() as workbench:
        workbench.servers.forbid(name)
    say(f"Nothing more is sent to {name}. Texts that were sent before cannot be called back.")


@servers.command("try")
@click.argument("name")
@as_json
@click.pass_obj
def try_server(options: Options, name: str, as_json: bool) -> None:
    """Ask a server what it is, how fast it answers, and what it offers; exit with 1 when it does not answer."""
    with options.owning() as workbench:
        report = workbench.servers.inspect(name)
        if report.is_up:
            workbench.servers.keep_protocol(name, report.protocol)
    if as_json:
        emit({"event": "report", "name": name, **_report_record(report)})
    else:
        for label, words in report_lines(report):
            show(f"{label:<22}{visible(words)}")
    if not report.is_up:
        raise SystemExit(1)


def _report_record(report: ServerReport) -> dict[str, Any]:
    record = asdict(report) | {"is_up": report.is_up, "models": list(report.models)}
    for name in ("adapters", "logps"):
        can, why = getattr(report, name)
        record |= {name: can, f"{name}_why": why or None}
    return record


@servers.command()
@click.argument("name")
@click.argument("here", required=False, metavar="FOLDER", type=CallerPath())
@click.argument("there", required=False)
@click.pass_obj
def folder(options: Options, name: str, here: Path | None, there: str | None) -> None:
    """Copy adapters for a server into FOLDER, which the server calls THERE; without one it reads the workspace."""
    with options.owning() as workbench:
        workbench.servers.set_folder(name, here, there)
    say(f"{name} reads adapters in {there or here or 'the workspace'}.")


@servers.command()
@click.argument("name")
@click.argument("adapter")
@as_json
@click.pass_obj
def publish(options: Options, name: str, adapter: str, as_json: bool) -> None:
    """Load an adapter on a server under a new name, and probe whether the server answers as that adapter."""
    from tui.generation.publishing import publish_by_name  # not needed for the other commands

    with options.working() as workbench:
        probe = publish_by_name(adapter, name, workbench.services)
    if as_json:
        emit({"event": "published", "server": name, **asdict(probe)})
    else:
        say(f"{adapter}@{name} answers, as {probe.name}. {probe.words}")


@servers.command()
@click.argument("name")
@click.pass_obj
def remove(options: Options, name: str) -> None:
    """Offer a server no longer. Its answers stay, and still name it."""
    with options.owning() as workbench:
        workbench.servers.remove(name)
    say(f"{name} is removed. Its answers stay.")
