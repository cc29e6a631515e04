"""What all tests share: real servers (kit.testing), and no way out to any network but the loopback."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import settings
from xdist.scheduler.loadgroup import LoadGroupScheduling

from kit.garbage import collect_rarely
from kit.logging import configure

pytest_plugins = ["kit.testing"]

configure("tests", level="warning")

_MEMORY = Path("/dev/shm")


def pytest_configure() -> None:
    """Keep the tests' files in memory where there is room for them: databases write through at every commit."""
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 4 << 30 and psutil.virtual_memory().available > 8 << 30:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


class _FewSystemsAtOnce(LoadGroupScheduling):
    """Spread tests over the workers, but those that start a whole system over two at most: each has a dozen processes.

    (Marks of `xdist_group` do nothing under pytest 9.2, whose node ids xdist 3.8 cannot change.)
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(("tests/e2e/contract/", "tests/e2e/test_mock.py")):
            return "systems with a story in them"
        return "systems" if nodeid.startswith("tests/e2e/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling:
    """Let the workers share the tests like this."""
    return _FewSystemsAtOnce(config, log)


# how long one example takes says nothing where other work runs on the machine
settings.register_profile("huiying", deadline=None)
settings.load_profile("huiying")


def pytest_collection_finish() -> None:
    """Look rarely for garbage among all that the collected tests have loaded."""
    collect_rarely()


_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> Any:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise AssertionError(f"a test tried to reach {host}: tests stay on this machine")
    return _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Any:
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _loopback_only)
    yield
    patch.undo()
