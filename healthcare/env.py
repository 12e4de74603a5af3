"""Read configuration from the environment, loudly."""

import os
import secrets
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def flag(name: str, *, default: bool) -> bool:
    raw = os.getenv(name)
    if raw is None:
        return default
    if raw not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {raw!r}.")
    return raw == "1"


def choice(name: str, *, options: set[str], default: str) -> str:
    raw = os.getenv(name) or default
    if raw not in options:
        raise ImproperlyConfigured(f"{name} must be one of {sorted(options)}, not {raw!r}.")
    return raw


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks with commas between them, such as `10.0.0.7,192.168.0.0/24`."""
    parts = [part.strip() for part in os.getenv(name, "").split(",") if part.strip()]
    try:
        return [ip_network(part) for part in parts]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be addresses or networks such as 10.0.0.7 or 10.0.0.0/24: {error}."
        ) from error


def secret(name: str) -> str:
    """A secret from NAME, or from the file that NAME_FILE points to; empty when neither is set."""
    if path := os.getenv(f"{name}_FILE"):
        return Path(path).read_text().strip()
    return os.getenv(name, "")


def installation_secret(path: Path) -> str:
    """A secret made once for this installation, in a file that only its owner can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):  # two processes starting together agree on the first one's
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(50))
        try:
            path.hardlink_to(part)
        finally:
            part.unlink()
    return path.read_text().strip()
