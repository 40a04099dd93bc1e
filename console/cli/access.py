"""Where the operator's tables are."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from console.cli.endpoints import is_loopback


@dataclass(frozen=True, slots=True)
class Access:
    """Where DynamoDB is and who asks. None leaves it to AWS's own environment and configuration."""

    endpoint_url: str | None = None
    region: str | None = None
    profile: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether the engine is on this machine, where nobody looks at credentials."""
        return is_loopback(urlsplit(self.endpoint_url or "").hostname or "")
