"""Keys that a first start makes for itself, so that nobody runs with a published default."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def _kept(folder: Path, name: str, make: Callable[[], str]) -> str:
    file = folder / "keys" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(make())
        try:
            # link() fails when another process was faster: then its key counts, so that all processes agree.
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text()


def local_secret(folder: Path, name: str, *, fernet: bool = False) -> str:
    """A random text kept in `folder/keys/name`; with `fernet` one that is a valid Fernet key."""

    def make() -> str:
        if fernet:
            from cryptography.fernet import Fernet

            return Fernet.generate_key().decode()
        return secrets.token_urlsafe(64)

    return _kept(folder, name, make)


def local_rsa_key(folder: Path, name: str) -> str:
    """A 2048-bit RSA private key (PEM) kept in `folder/keys/name`."""

    def make() -> str:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    return _kept(folder, name, make)
