"""The commands, and how each of them ends."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import click

from barycenter_jobs.core.errors import InvalidInput, StoreError
from console.cli.exits import INTERRUPTED
from console.cli.pace import Clock

SECTIONS = {
    "Look": ("jobs", "logs", "show", "stats", "health"),
    "Act": ("run", "pause", "resume", "cancel", "clear"),
    "Data": ("export", "backfill", "quarantine", "cost"),
    "Set up": ("dev", "proxy", "doctor", "completion"),
}


class _Commands(click.Group):
    """Loads a command when it is asked for: some bring the AWS SDK or a server, and most need neither."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [name for names in SECTIONS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(import_module(f"console.cli.commands.{cmd_name}"), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"console.cli.commands.{cmd_name} has no command of its name")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl(
                    [(name, command.get_short_help_str(90)) for name, command in commands if command]
                )

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            raise click.exceptions.Exit(INTERRUPTED) from None
        except StoreError as error:
            raise click.ClickException(f"{error}.") from None
        except InvalidInput as error:
            raise click.UsageError(f"{error}.") from None


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click calls it so
    if not asked or ctx.resilient_parsing:
        return
    try:
        click.echo(f"barycenter-jobs {version('barycenter-jobs')}")
    except PackageNotFoundError:
        click.echo("barycenter-jobs, in a checkout")
    ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version."
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """See how the cleanup jobs are doing, run and control them, and look after their tables.

    Asks the local stack (http://127.0.0.1:8081) unless --stack or --endpoint names a deployed one.

    \b
    Examples:
      barycenter-jobs jobs
      barycenter-jobs run sessions --wait
      barycenter-jobs logs --failures --since 2h --stack barycenter-jobs-prod

    Exit status: 0 done; 1 a run failed, a job is not well, or a store would not do as asked; 2 wrong usage;
    3 no usable answer; 4 the run was skipped; 5 it was cancelled; 6 it still runs; 130 interrupted.
    """
    ctx.ensure_object(Clock)
