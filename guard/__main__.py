"""`python -m guard`, which is a part of `make audit`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import yaml

from guard.checking import GuardDidNotRun, needless, read_exceptions, unexcused, unpacked, verdict
from guard.settled import settled_templates

HERE = Path(__file__).parent


def main(root: Path) -> int:
    """Check the templates under `root`, print what is wrong, and return the exit status."""
    exceptions = read_exceptions(yaml.safe_load((HERE / "exceptions.yaml").read_text()))
    with tempfile.TemporaryDirectory() as scratch:
        package = unpacked(Path(sys.prefix))
        found = verdict(package, settled_templates(root), Path(scratch))
    wrong = [
        f"{breach.resource} does not keep {breach.rule} ({name})"
        for breach, name in sorted(unexcused(found, exceptions).items())
    ]
    wrong += [
        f"{breach.resource} is excused from {breach.rule}, which it keeps"
        for breach in needless(found, exceptions)
    ]
    for line in wrong:
        sys.stderr.write(f"{line}\n")
    excused = len(found.breaches) - len(unexcused(found, exceptions))
    sys.stdout.write(
        f"cfn-guard: {len(found.rules)} rules apply, {len(wrong)} things are wrong, {excused} are excused\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent))
    except GuardDidNotRun as error:
        sys.exit(f"{error}")
