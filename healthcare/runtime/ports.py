"""Find a port that nobody listens on."""

import socket

FIRST = 8000
LAST = 8100


class PortTaken(Exception):
    """Somebody else listens there; the message says what to do."""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose(wanted: int | None = None) -> int:
    """The wanted port, or the first free one from 8000 on."""
    if wanted:
        if not is_free(wanted):
            raise PortTaken(
                f"Port {wanted} is taken by another program. Leave PORT unset to have a free one "
                "chosen, or stop that program."
            )
        return wanted
    for port in range(FIRST, LAST):
        if is_free(port):
            return port
    raise PortTaken(f"No port between {FIRST} and {LAST} is free. Set PORT to one that is.")
