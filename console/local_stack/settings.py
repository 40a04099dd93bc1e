"""The environment variables that `make run` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from console.local_stack.errors import BadSetting

_HIGHEST_PORT = 65535
_LONGEST_PATIENCE_SECONDS = 30 * 86_400
# Parameters of the template that may be tried here, by the variables that give them.
PARAMETERS = {
    "SESSIONS_CLEANUP_MODE": "SessionsCleanupMode",
    "REFRESH_TOKENS_CLEANUP_MODE": "RefreshTokensCleanupMode",
    "CHALLENGES_CLEANUP_MODE": "ChallengesCleanupMode",
    "DEVICE_CODES_CLEANUP_MODE": "DeviceCodesCleanupMode",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How to stand the stack up.

    `engine_endpoint` is an engine to use instead of the embedded one. A port of 0 lets the system
    choose a free one. `parameters` of the template take the place of its defaults.
    """

    port: int
    dynamodb_port: int
    seed: bool
    engine_endpoint: str | None
    verbose: bool
    parameters: Mapping[str, str] = field(default_factory=dict)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Return the settings, or raise BadSetting. A variable that is set to nothing counts as not set."""
    return Settings(
        port=_port(environment, "PORT", 8081),
        dynamodb_port=_port(environment, "DYNAMODB_PORT", 8000),
        seed=_switch(environment, "SEED", default="1"),
        engine_endpoint=_endpoint(environment, "DYNAMODB_ENDPOINT_URL"),
        verbose=_switch(environment, "VERBOSE", default="0"),
        parameters={
            parameter: text
            for variable, parameter in PARAMETERS.items()
            if (text := environment.get(variable, "").strip())
        }
        | _patience(environment),
    )


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip() or str(default)
    if not text.isdecimal() or not text.isascii() or int(text) > _HIGHEST_PORT:
        raise BadSetting(
            f"{name} must be a port from 1 to {_HIGHEST_PORT}, or 0 for any free one, not {text!r}."
        )
    return int(text)


def _patience(environment: Mapping[str, str]) -> dict[str, str]:
    text = environment.get("TTL_PATIENCE_SECONDS", "").strip()
    if not text:
        return {}
    if not text.isdecimal() or not text.isascii() or not 1 <= int(text) <= _LONGEST_PATIENCE_SECONDS:
        raise BadSetting(
            f"TTL_PATIENCE_SECONDS must be seconds from 1 to {_LONGEST_PATIENCE_SECONDS}, not {text!r}."
        )
    return {"TtlPatienceSeconds": text}


def _switch(environment: Mapping[str, str], name: str, *, default: str) -> bool:
    text = environment.get(name, "").strip() or default
    if text not in ("0", "1"):
        raise BadSetting(f"{name} must be 0 or 1, not {text!r}.")
    return text == "1"


def _endpoint(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadSetting(f"{name} must be a URL such as http://127.0.0.1:8000, not {text!r}.")
    return text.rstrip("/")
