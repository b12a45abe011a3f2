"""Fetches the scripts of others that pages load, as the npm registry publishes them; run by ``make vendor``.

The manifest ``vendored.toml`` names each package, its version and the files wanted of it. What it does not state yet
(licence, source, integrity, sha256) is filled in; what it states must agree, so that nothing can change unseen. To take up
another version: change ``version``, drop the lines to be filled in, run it again.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
import tomllib
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

REGISTRY = "https://registry.npmjs.org"
FOLDER = Path(__file__).parent.parent.parent / "site_templates" / "static" / "vendor"
MANIFEST = "vendored.toml"
HEAD = "# Scripts of others, as they publish them; tests/tools/vendor.py says how to renew them.\n"
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class File:
    """One file of a package: where it stands in it, and under which name here."""

    name: str
    origin: str
    sha256: str | None = None


@dataclass(frozen=True)
class Package:
    """A package of one version; a field that is None is not known yet."""

    name: str
    version: str
    files: tuple[File, ...]
    license: str | None = None
    source: str | None = None
    integrity: str | None = None

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> Self:
        """Read a ``[[package]]`` of the manifest."""
        files = [File(name, one["from"], one.get("sha256")) for name, one in table["files"].items()]
        return cls(**{**table, "files": tuple(files)})

    def to_toml(self) -> str:
        """Written as :meth:`from_table` reads it."""
        names = ("name", "version", "license", "source", "integrity")
        lines = ["[[package]]", *(f"{name:9} = {json.dumps(getattr(self, name))}" for name in names)]
        for file in self.files:
            lines += [f"[package.files.{json.dumps(file.name)}]", f"from   = {json.dumps(file.origin)}"]
            lines += [f'sha256 = "{file.sha256}"']
        return "\n".join(lines) + "\n"


def read_manifest(folder: Path) -> list[Package]:
    """The packages whose files lie in ``folder``."""
    return [Package.from_table(table) for table in tomllib.loads((folder / MANIFEST).read_text())["package"]]


def completed(package: Package) -> Package:
    """Add licence, source and integrity as the registry states them; they must agree with those stated before."""
    told = json.loads(_fetch(f"{REGISTRY}/{package.name}/{package.version}"))
    facts = {"license": told["license"], "source": told["dist"]["tarball"], "integrity": told["dist"]["integrity"]}
    for name, fact in facts.items():
        _agree(f"{package.name} {package.version}: {name}", getattr(package, name), fact)
    return replace(package, **facts)


def unpacked(package: Package, archive: bytes) -> tuple[Package, dict[str, bytes]]:
    """The files of a package's archive, checked, and the package with their checksums."""
    algorithm, _, digest = str(package.integrity).partition("-")
    found = base64.b64encode(hashlib.new(algorithm, archive).digest()).decode()
    _agree(f"{package.source}: {algorithm}", digest, found)
    contents: dict[str, bytes] = {}
    files = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for file in package.files:
            stream = tar.extractfile(f"package/{file.origin}")
            assert stream is not None, f"{file.origin} of {package.source} is no file"
            contents[file.name] = stream.read()
            sha256 = hashlib.sha256(contents[file.name]).hexdigest()
            _agree(f"{file.origin} of {package.source}: sha256", file.sha256, sha256)
            files.append(replace(file, sha256=sha256))
    return replace(package, files=tuple(files)), contents


def _agree(what: str, stated: str | None, found: str) -> None:
    if stated not in (None, found):
        raise SystemExit(f"{what} is {found}, {MANIFEST} says {stated}; nothing of it was written")


def _fetch(url: str) -> bytes:
    if not url.startswith(f"{REGISTRY}/"):
        raise SystemExit(f"{url} is not of {REGISTRY}")
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def main() -> None:
    """Fetch every package of the manifest, then write its files and the manifest."""
    packages: list[Package] = []
    for package in map(completed, read_manifest(FOLDER)):
        known, contents = unpacked(package, _fetch(str(package.source)))
        for name, content in contents.items():
            (FOLDER / name).write_bytes(content)
        packages.append(known)
        sys.stdout.write(f"{known.name} {known.version} ({known.license}): {', '.join(contents)}\n")
    (FOLDER / MANIFEST).write_text("\n".join([HEAD, *(package.to_toml() for package in packages)]))


if __name__ == "__main__":
    main()
