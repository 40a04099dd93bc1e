"""The AWS SDK, started once."""

from __future__ import annotations

import os
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.loaders import Loader

if TYPE_CHECKING:
    from botocore.config import Config

# The SDK's own endpoints, cut down to our services: see layers/dependencies/endpoints.py.
_DATA = Path(__file__).with_name("sdk_data")


class Sdk:
    """Makes clients that share one session of botocore.

    A session, and the SDK's data files that the first client reads, cost a cold start more than all of our
    own modules: a second client of the same session is nearly free. It is botocore's because boto3 would add
    a tenth, for what nothing here uses.
    """

    @cached_property
    def session(self) -> botocore.session.Session:
        """The session, begun on first use."""
        session = botocore.session.get_session()
        session.register_component("data_loader", _loader())
        return session

    def client(self, service: str, endpoint_url: str | None, config: Config) -> Any:  # noqa: ANN401 - of any service
        """Return a client of a service, at AWS's own endpoint if none is given."""
        return self.session.create_client(service, endpoint_url=endpoint_url, config=config)


class _Loader(Loader):
    """Reads the SDK's data files, each once for all sessions of a process."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - each service has all types
        """Return the names of all folders: the SDK's own looks into each of four hundred of them."""
        places = (Path(place) for place in self.search_paths)
        return sorted(
            {each.name for place in places if place.is_dir() for each in os.scandir(place) if each.is_dir()}
        )


@cache
def _loader() -> Loader:
    return _Loader(extra_search_paths=[str(_DATA)])
