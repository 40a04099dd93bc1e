"""One copy of the SDK's description of DynamoDB for all clients of a process."""

from __future__ import annotations

from functools import cache

import botocore.session
from botocore.loaders import Loader, create_loader


def share_service_model(session: botocore.session.Session) -> botocore.session.Session:
    """Have a session read the SDK's data files through the process's one loader, and return it.

    boto3 and PynamoDB have a session each, and each would parse the same half megabyte of JSON: two thirds of
    what a second client costs a cold start.
    """
    session.register_component("data_loader", _loader())
    return session


@cache
def _loader() -> Loader:
    return create_loader()
