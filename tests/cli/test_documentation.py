"""What docs/cli.md says, done."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import pytest
from boto3.dynamodb.types import TypeSerializer

from console.checkout import REPOSITORY
from console.cli import exits
from console.cli.group import cli
from console.local_stack.demo_data import demo_rows
from tests.cli.operator import Operator
from tests.cli.terminal import Item, Terminal
from tests.engine import create_table

PAGE = (REPOSITORY / "docs" / "cli.md").read_text()
NAMES = cli.list_commands(click.Context(cli))
ASKS_DYNAMODB = ("backfill", "quarantine")
NOW = 1_800_000_000


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def examples() -> Iterator[tuple[str, str]]:
    """Yield each command of the page with what it prints."""
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, printed = example.partition("\n")
            yield line, printed


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


def printed_by(demo: Terminal, operator: Operator) -> Iterator[tuple[str, str]]:
    """Yield each command of the page with what it prints here."""
    for line, _ in examples():
        program, name, *arguments = shlex.split(line)
        assert program == "barycenter-jobs"
        run: Callable[..., click.testing.Result] = demo.run if name in ASKS_DYNAMODB else operator.run
        yield line, run(name, *arguments).output


def test_every_example_prints_what_the_page_shows(
    demo: Terminal, operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    printed = list(printed_by(demo, operator))

    assert printed == list(examples())
    assert len(printed) >= 18


def table(text: str) -> Mapping[str, str]:
    """Return the options that a part of the page has in its tables, with their defaults."""
    rows = dict(re.findall(r"^\| (`--.*?) \| (.*?) \|", text, re.MULTILINE))
    return {
        option: default for options, default in rows.items() for option in re.findall(r"--[\w-]+", options)
    }


def section(title: str) -> str:
    return PAGE[PAGE.index(f"## {title}\n") :].split("\n## ")[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_names_every_option_of_a_command_with_its_default(name: str) -> None:
    listed = table(section(name))
    everywhere = {"--json", "--utc"}
    if name not in ASKS_DYNAMODB:
        everywhere |= set(table(section("Which stack is asked")))

    options = {
        option.opts[0]: option.default for option in command(name).params if isinstance(option, click.Option)
    }
    others = {
        spelling for option in command(name).params for spelling in (*option.opts, *option.secondary_opts)
    }

    assert set(listed) <= others
    assert set(options) - everywhere <= set(listed)
    for option, default in options.items():
        if option in listed and isinstance(default, int) and not isinstance(default, bool) and listed[option]:
            assert listed[option] in (str(default), "as for `backfill`")


def test_the_page_has_a_section_for_each_command_and_for_no_other() -> None:
    titles = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)

    assert [title for title in titles if title.islower()] == [name for name in titles if name in NAMES]
    assert set(NAMES) <= set(titles)


def test_the_page_has_the_environment_that_help_has() -> None:
    by_help = {
        variable
        for name in NAMES
        for option in command(name).params
        for variable in ([option.envvar] if isinstance(option.envvar, str) else option.envvar or [])
    }

    assert {variable for variable in by_help if f"`{variable}`" not in PAGE} == set()


def test_the_page_has_every_exit_status() -> None:
    listed = {
        int(status) for status in re.findall(r"^\| (\d+) \|", section("What is answered"), re.MULTILINE)
    }

    assert listed == {value for value in vars(exits).values() if isinstance(value, int)} | {2}
    assert {
        int(status) for status in re.findall(r"(\d+) [a-z]", (cli.help or "").split("Exit status:")[1])
    } == listed
