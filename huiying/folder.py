"""The data folder: checked, locked by one running system, with the secrets that the system makes for itself."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO, Final

from huiying.errors import CommandError

#: Secrets made at the first start and kept, each a file in ``secrets/`` (folder 700, files 600).
SECRETS: Final = ("internal-key", "author-key", "token-key", "redis-password")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


class DataFolder:
    """Everything that a deployment on embedded defaults keeps on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Make the folder where it is missing and take it for this process.

        Raises :class:`CommandError` where it cannot be written or another system runs on it.
        """
        try:
            for one in (self.path, self.path / "redis", self.path / "run", self.path / "imports"):
                one.mkdir(parents=True, exist_ok=True)
            (self.path / "secrets").mkdir(mode=0o700, exist_ok=True)
            lock = (self.path / "run" / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"数据目录不可写 / the data folder {self.path} cannot be written: {error.strerror}"
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise CommandError(f"该数据目录已有系统在运行 / another huiying runs on {self.path}") from None
        self._lock = lock

    def close(self) -> None:
        """Let another system have the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def secret(self, name: str) -> str:
        """Return a secret of :data:`SECRETS`, made at its first use."""
        path = self.path / "secrets" / name
        if not path.exists():
            write_private(path, secrets.token_hex(32))
        return path.read_text(encoding="utf-8").strip()

    @property
    def secrets(self) -> Path:
        """Where the secrets that the system makes for itself are kept (mode 700)."""
        return self.path / "secrets"

    @property
    def admin_password(self) -> Path:
        """Where the administrator's generated password is kept."""
        return self.path / "admin-password"

    @property
    def status(self) -> Path:
        """Where a running system says which process is what (mode 600: it names the bus with its password)."""
        return self.path / "run" / "pids.json"
