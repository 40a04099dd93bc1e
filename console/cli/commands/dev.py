"""`barycenter-jobs dev`: the whole stack on this machine."""

from __future__ import annotations

import runpy

import click

from console.checkout import REPOSITORY


@click.command(short_help="Start the whole stack on this machine, as `make run` does.")
def dev() -> None:
    """Start what `make run` starts: the API on http://127.0.0.1:8081, the jobs, their schedules, an engine.

    It needs no AWS account. The environment has its options: PORT, DYNAMODB_PORT, SEED=0 (no demo rows),
    VERBOSE=1 and DYNAMODB_ENDPOINT_URL. Ctrl-C stops it. It runs from a checkout of the repository.

    \b
    Examples:
      barycenter-jobs dev
      PORT=9000 SEED=0 barycenter-jobs dev
    """
    if not (REPOSITORY / "template.yaml").exists():
        raise click.ClickException(
            "The stack is stood up from its template, which an installed copy does not have: clone the "
            "repository and type `make run` in it."
        )
    runpy.run_module("console.local_stack", run_name="__main__", alter_sys=True)
