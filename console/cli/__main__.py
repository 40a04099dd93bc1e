"""`python -m console.cli`, and the command `barycenter-jobs`."""

from __future__ import annotations

import io
import signal
import sys


def _leave(*_: object) -> None:
    raise SystemExit(130)


# Ctrl-C during the imports must not end in a traceback. Later the commands deal with it.
signal.signal(signal.SIGINT, _leave)

from console.cli.group import cli  # noqa: E402


def main() -> None:
    """Run the command that the arguments name, and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a letter that it cannot show is no failure
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    cli(prog_name="barycenter-jobs")


if __name__ == "__main__":
    main()
