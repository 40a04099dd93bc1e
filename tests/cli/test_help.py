"""Help: every command has examples, and they are what the command takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from console.cli.group import SECTIONS, cli

NAMES = [name for names in SECTIONS.values() for name in names]


def examples(text: str) -> Iterator[list[str]]:
    """Yield the arguments of each example."""
    for line in re.findall(r"^ +((?:[A-Z_]+=\S+ )*barycenter-jobs .*)$", text, re.MULTILINE):
        words = shlex.split(re.sub(r"^(?:[A-Z_]+=\S+ )*|>.*$", "", line))
        yield words[1:]


def parsed(arguments: list[str]) -> None:
    """Parse a command line as it would be, without running it."""
    name, *rest = arguments
    context = click.Context(cli, info_name="barycenter-jobs")
    command = cli.get_command(context, name)
    assert command is not None
    command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("name", NAMES)
def test_help_has_examples_that_can_be_typed(name: str) -> None:
    text = CliRunner().invoke(cli, [name, "--help"]).stdout

    found = list(examples(text))
    assert len(found) >= 2
    for arguments in found:
        assert arguments[0] == name
        parsed(arguments)


@pytest.mark.parametrize("name", NAMES)
def test_help_fits_and_every_option_is_explained(name: str) -> None:
    context = click.Context(cli, info_name="barycenter-jobs")
    command = cli.get_command(context, name)
    assert command is not None

    assert command.short_help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
    assert len(command.get_short_help_str(90)) <= 80


def test_help_of_all_names_every_command_and_status() -> None:
    result = CliRunner().invoke(cli, ["-h"])

    assert result.exit_code == 0
    for name in NAMES:
        assert re.search(rf"^  {name} ", result.stdout, re.MULTILINE)
    for arguments in examples(result.stdout):
        parsed(arguments)


def test_the_version_is_told() -> None:
    assert re.fullmatch(
        r"barycenter-jobs(, in a checkout| \d+\.\d+\.\d+)\n", CliRunner().invoke(cli, ["--version"]).stdout
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_what_it_needs_to_complete(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])

    assert result.exit_code == 0
    assert f"_BARYCENTER_JOBS_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.parametrize(
    ("words", "number", "expected"),
    [
        ("barycenter-jobs re", 1, {"resume"}),
        ("barycenter-jobs run s", 2, {"sessions"}),
        ("barycenter-jobs logs --status ti", 3, {"timeout"}),
        ("barycenter-jobs logs --fol", 2, {"--follow"}),
    ],
)
def test_commands_jobs_and_options_are_completed(words: str, number: int, expected: set[str]) -> None:
    result = CliRunner().invoke(
        cli,
        prog_name="barycenter-jobs",
        env={
            "_BARYCENTER_JOBS_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(number),
        },
    )

    assert {line.split(",")[1] for line in result.stdout.split()} == expected
