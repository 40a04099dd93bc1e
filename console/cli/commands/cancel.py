"""`barycenter-jobs cancel`: ask a run to stop."""

from __future__ import annotations

import click

from console.cli.acting import tell
from console.cli.api import Api
from console.cli.documents import CANCEL
from console.cli.options import api_options, id_argument, reason_option
from console.cli.output import Output


@click.command(short_help="Ask a run to stop.")
@id_argument
@reason_option
@api_options
def cancel(*, run_id: int, reason: str | None, api: Api, output: Output) -> None:
    """Ask a run to stop. It does so within seconds, and its record says what it did until then.

    \b
    Examples:
      barycenter-jobs cancel 17
      barycenter-jobs cancel 17 --reason "too much load"
    """
    tell(api.act(CANCEL, id=str(run_id), reason=reason)["cancelRun"], output)
