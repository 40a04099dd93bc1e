"""An emulated AWS for tests: ministack with all that it has, as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from console.checkout import REPOSITORY
from console.local_stack.engine import ENGINE_PYTHON
from console.local_stack.intrinsics import ACCOUNT

# As the engine, with what `sam deploy` needs in addition.
SAM_PYTHON = REPOSITORY / ".venv" / "e2e" / "bin" / "python"


@contextmanager
def emulated_cloud(folder: Path, *, guarded: bool = False, python: Path = ENGINE_PYTHON) -> Iterator[str]:
    """Run an emulator for as long as the block lasts, and yield its address.

    It writes into `folder` only. One that is `guarded` refuses what policies do not allow. SAM's
    templates are understood where `python` is SAM_PYTHON.
    """
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": f"{python.parent}:{os.defpath}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",  # it would listen to everybody otherwise
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AUTH": "true" if guarded else "false",
        "LOG_LEVEL": "ERROR",
        "PYTHONUNBUFFERED": "1",
    }
    with (folder / "ministack.log").open("wb") as said:
        process = subprocess.Popen(
            [python, "-m", "ministack"], env=environment, cwd=folder, stdout=said, stderr=said
        )
        try:
            _wait(process, address, folder / "ministack.log")
            yield address
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(900):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_ministack/health", timeout=10):  # noqa: S310 - our own
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The emulator did not start: {log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
