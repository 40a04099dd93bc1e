"""What docs/local-stack.md says, done."""

from __future__ import annotations

import re
import subprocess
import sys

import boto3

from console.checkout import REPOSITORY
from console.local_stack.settings import settings_from
from tests.local_stack.processes import StackProcess

PAGE = (REPOSITORY / "docs" / "local-stack.md").read_text()


def test_a_row_is_written_as_the_page_shows(stack: StackProcess) -> None:
    (program,) = re.findall(r"^```py\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    engine = stack.addresses["DynamoDB engine"]

    subprocess.run([sys.executable, "-c", program.replace("http://127.0.0.1:8000", engine)], check=True)

    rows = boto3.client("dynamodb", endpoint_url=engine)
    row = rows.get_item(TableName="sessions", Key={"session_id": {"S": "mine"}})["Item"]
    assert set(row) == {"session_id", "expires_at", "expiry_shard"}


def test_the_ready_block_is_as_the_page_shows(stack: StackProcess) -> None:
    def shape(text: str) -> list[str]:
        block = re.findall(r"^(Ready: .*?Demo data[^\n]*)$", text, re.MULTILINE | re.DOTALL)[0]
        return re.sub(r":\d+", ":PORT", block).splitlines()

    assert shape(stack.text()) == shape(PAGE)


def test_the_page_lists_every_setting_with_its_default() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| (\S*) *\|", PAGE, re.MULTILINE))

    assert set(listed) == {
        "PORT",
        "DYNAMODB_PORT",
        "SEED",
        "VERBOSE",
        "DYNAMODB_ENDPOINT_URL",
        "TTL_PATIENCE_SECONDS",
    }
    assert settings_from(listed) == settings_from({})
