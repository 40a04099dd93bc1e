"""Listening sockets on this machine only."""

from __future__ import annotations

import errno
import socket

from console.local_stack.errors import CannotListen

LOOPBACK = "127.0.0.1"
_LAST_PRIVILEGED_PORT = 1023


def listen(port: int, variable: str) -> socket.socket:
    """Return a socket that listens on the loopback interface, a port of 0 meaning any free one.

    Raises CannotListen, which names `variable` as the way to another port.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # An ended connection keeps its port for a minute; a restart must not have to wait for that.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        example = f"{variable}={port + 1 if port > _LAST_PRIVILEGED_PORT else port + 8000} make run"
        raise CannotListen(f"Port {port} on {LOOPBACK} {reason}. Choose another one: {example}") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL of what a socket serves."""
    return f"http://{LOOPBACK}:{port_of(listener)}"


def port_of(listener: socket.socket) -> int:
    """Return the port that a socket listens on."""
    port: int = listener.getsockname()[1]
    return port
