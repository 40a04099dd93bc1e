"""What docs/cli.md says, done."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from boto3.dynamodb.types import TypeSerializer

from console.checkout import REPOSITORY
from console.cli.group import cli
from console.local_stack.demo_data import demo_rows
from tests.cli.terminal import Item, Terminal
from tests.engine import create_table

PAGE = (REPOSITORY / "docs" / "cli.md").read_text()
NOW = 1_800_000_000


def examples() -> Iterator[tuple[str, str]]:
    """Yield each command of the page with what it prints."""
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = example.partition("\n")
            yield command, printed


def demo_sessions() -> list[Item]:
    serialize = TypeSerializer().serialize
    return [
        {name: serialize(value) for name, value in row.items()} for row in demo_rows("session_id", NOW, 16)
    ]


@pytest.fixture
def demo(terminal: Terminal) -> Iterator[Terminal]:
    """A terminal on an engine whose tables are called as those of the local stack."""
    for name in ("sessions", "device_codes"):
        create_table(terminal.dynamodb, name, name)
    terminal.put("sessions", demo_sessions())
    yield terminal
    for name in ("sessions", "device_codes"):
        terminal.dynamodb.delete_table(TableName=name)


def test_every_example_prints_what_the_page_shows(
    demo: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = dict(enumerate(examples()))

    printed = {}
    for number, (command, _) in shown.items():
        program, *arguments = shlex.split(command)
        assert program == "barycenter-jobs"
        printed[number] = (command, demo.run(*arguments).output)

    assert printed == shown
    assert len(shown) >= 7


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_the_page_names_every_option_of_a_command_with_its_default(name: str) -> None:
    command = cli.commands[name]
    section = PAGE[PAGE.index(f"## {name}\n") :].split("\n## ")[0]
    table = dict(re.findall(r"^\| (`--.*?) \| (.*?) \|", section, re.MULTILINE))
    listed = {
        option: default for options, default in table.items() for option in re.findall(r"--[\w-]+", options)
    }

    options = {
        option.opts[0]: option.default for option in command.params if isinstance(option, click.Option)
    }

    assert set(listed) == set(options)
    for option, default in options.items():
        if isinstance(default, int) and not isinstance(default, bool) and listed[option]:
            assert listed[option] in (str(default), "as for `backfill`")
