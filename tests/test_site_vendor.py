"""The scripts of others: they are what their authors published, and renewing them refuses anything else."""

import base64
import hashlib
import io
import tarfile

import pytest
from vendor import FOLDER, MANIFEST, File, Package, read_manifest, unpacked


def archive(**contents: bytes) -> bytes:
    """A package as the registry packs it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def test_every_script_of_others_is_as_its_authors_published_it() -> None:
    packages = read_manifest(FOLDER)
    assert packages
    for package in packages:
        assert package.license in ("MIT", "BSD-3-Clause", "Apache-2.0"), package.name
        assert str(package.integrity).startswith("sha512-"), package.name
        for file in package.files:
            assert hashlib.sha256((FOLDER / file.name).read_bytes()).hexdigest() == file.sha256, file.name


def test_nothing_lies_among_them_that_the_manifest_does_not_name() -> None:
    named = {file.name for package in read_manifest(FOLDER) for file in package.files}
    assert {path.name for path in FOLDER.iterdir()} == named | {MANIFEST}


def test_the_files_of_a_package_are_taken_with_their_checksums() -> None:
    packed = archive(a=b"one", b=b"two")
    known, contents = unpacked(Package("p", "1", (File("x.js", "b"),), "MIT", "url", integrity(packed)), packed)
    assert contents == {"x.js": b"two"}
    assert known.files[0].sha256 == hashlib.sha256(b"two").hexdigest()


@pytest.mark.parametrize("wrong", ["integrity", "sha256"])
def test_a_package_that_is_not_what_was_stated_is_refused(wrong: str) -> None:
    packed = archive(a=b"one")
    stated = integrity(b"another" if wrong == "integrity" else packed)
    file = File("x.js", "a", "0" * 64 if wrong == "sha256" else None)
    with pytest.raises(SystemExit, match="nothing of it was written"):
        unpacked(Package("p", "1", (file,), "MIT", "url", stated), packed)


def test_the_manifest_is_written_as_it_is_read(tmp_path) -> None:
    package = Package("p", "1.2", (File("x.js", "dist/x.js", "ab"),), "MIT", "https://x", "sha512-y")
    (tmp_path / MANIFEST).write_text(package.to_toml())
    assert read_manifest(tmp_path) == [package]
