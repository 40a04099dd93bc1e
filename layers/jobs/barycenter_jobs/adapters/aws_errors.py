"""What AWS and its SDK raise, in a word that may be told."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError


def why(error: BotoCoreError | ClientError) -> str:
    """Return the service's own code for a refusal, else the name of what kept it from answering.

    Never the error's text, which may repeat what was sent.
    """
    return code_of(error) if isinstance(error, ClientError) else type(error).__name__


def code_of(error: ClientError) -> str:
    """Return the service's own code for a refusal."""
    return error.response.get("Error", {}).get("Code", "UnknownError")
