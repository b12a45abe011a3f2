"""The machine of a benchmark: enough to judge its figures, nothing that names it."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "SQLAlchemy", "h5py")


def machine(folder: Path) -> dict[str, object]:
    """Processor, cores that may be used, memory in GiB, system and file system below ``folder``."""
    return {
        "cpu": first(r"^model name\s*: (.+)$", text_of("/proc/cpuinfo")) or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.system(),
        "file_system": file_system(folder, text_of("/proc/mounts")),
    }


def versions() -> dict[str, str]:
    """Versions of everything that the figures depend on."""
    find = subprocess.run(["find", "--version"], capture_output=True, text=True, check=False).stdout
    own = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    return {**own, "find": first(r"(\d[\d.]+)", find), **{name: installed(name) for name in PACKAGES}}


def installed(package: str) -> str:
    """The version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def file_system(folder: Path, mounts: str) -> str:
    """The type of the file system that a folder is on, by the list of what is mounted where."""
    path, found = str(folder.resolve()), {"": ""}
    for line in mounts.splitlines():
        _, where, kind, *_ = line.split(" ")
        if (path + "/").startswith(where.rstrip("/") + "/"):
            found[where] = kind
    return found[max(found, key=len)]


def first(pattern: str, text: str) -> str:
    """The first group of the first match, or nothing."""
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1).strip() if match else ""


def text_of(path: str) -> str:
    """The text of a file, or nothing where there is none."""
    return Path(path).read_text() if Path(path).exists() else ""
