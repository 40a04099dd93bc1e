"""Cuts the SDK's endpoints down to the services that we ask.

`python layers/dependencies/endpoints.py`, in the environment .venv/dev, after botocore has changed. The SDK
reads its endpoints at every cold start: 1.2 MB of some 300 services, two fifths of making a client.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

TARGET = Path(__file__).parents[1] / "jobs" / "barycenter_jobs" / "adapters" / "sdk_data" / "endpoints.json"

# By their endpoints' names: `states` is Step Functions, `monitoring` is CloudWatch; the last three are for
# credentials that are got by a role, by the web identity of a pod or by signing in once.
SERVICES = (
    *("dynamodb", "events", "lambda", "monitoring", "sqs", "states"),
    *("oidc", "portal.sso", "sts"),
)


def cut(endpoints: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the endpoints of our services, in all partitions, with all that is said of regions."""
    return endpoints | {
        "partitions": [
            partition
            | {"services": {name: told for name, told in partition["services"].items() if name in SERVICES}}
            for partition in endpoints["partitions"]
        ]
    }


def main() -> None:
    """Write the file."""
    endpoints = cut(Loader().load_data("endpoints"))
    TARGET.write_text(json.dumps(endpoints, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
