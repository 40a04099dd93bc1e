"""`barycenter-jobs completion`: what a shell needs to complete commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_PROGRAM = "barycenter-jobs"


@click.command(short_help="Print what your shell needs to complete commands.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> None:
    """Print a script that makes a shell complete commands, options and jobs.

    \b
    Examples:
      barycenter-jobs completion bash > ~/.local/share/bash-completion/completions/barycenter-jobs
      barycenter-jobs completion zsh > ~/.zfunc/_barycenter-jobs
      barycenter-jobs completion fish > ~/.config/fish/completions/barycenter-jobs.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} cannot be completed for.")
    click.echo(kind(ctx.find_root().command, {}, _PROGRAM, "_BARYCENTER_JOBS_COMPLETE").source())
