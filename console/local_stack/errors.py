"""What keeps the local stack from starting or running on. Each says in one line what to do about it.

CannotRun
    BadSetting           an environment variable makes no sense
    CannotListen         a port is taken or not allowed
    EngineMissing        the embedded DynamoDB engine has not been set up
    EngineStopped        the embedded DynamoDB engine has ended by itself
    EngineUnreachable    nothing answers where DYNAMODB_ENDPOINT_URL points
    EngineRefused        the engine there will not make the tables
    InvalidTemplate      template.yaml cannot be stood up
"""

from __future__ import annotations

from typing import ClassVar


class CannotRun(Exception):
    """The stack cannot go on; the message is for the person who started it."""

    exit_status: ClassVar[int] = 1


class BadSetting(CannotRun):
    """An environment variable makes no sense; the message says what is accepted."""

    exit_status = 2


class CannotListen(CannotRun):
    """A port is taken or not allowed; the message names the variable that changes it."""


class EngineMissing(CannotRun):
    """The environment of the embedded DynamoDB engine has not been set up."""


class EngineStopped(CannotRun):
    """The embedded DynamoDB engine ended without having been asked to."""


class EngineUnreachable(CannotRun):
    """Nothing answers at the engine's address."""


class EngineRefused(CannotRun):
    """The engine answers, but refuses what the stack needs of it."""


class InvalidTemplate(CannotRun):
    """template.yaml is missing, is no SAM template, or uses something that cannot be stood up here."""
