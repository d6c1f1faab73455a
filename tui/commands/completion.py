"""`palate completion`: the script that a shell sources to complete commands, flags and their values."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from tui.terminal.launcher import COMPLETING

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog="""\b
bash, in ~/.bashrc (4.4 or newer):
  eval "$(palate completion bash)"
zsh, in ~/.zshrc behind compinit:
  eval "$(palate completion zsh)"
fish, once:
  palate completion fish > ~/.config/fish/completions/palate.fish"""
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, flags and values in a shell."""
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(ctx.find_root().command, {}, "palate", COMPLETING).source())
