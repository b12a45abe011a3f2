"""Lists one folder: the files in it with size and time, the folders, and what could not be read."""

import os
from array import array
from errno import ELOOP
from hashlib import blake2b

REGULAR, TYPE_MASK = 0o100000, 0o170000
# What stands for "no file" at the end of a listing's columns, so that position -1 finds it.
NO_SIZE, NO_TIME = -1, 0


class Listing:
    """What is in one folder.

    Attributes
    ----------
    mtime : of the folder, ns since 1970, taken before it was listed
    names : of regular files, and of links to such
    sizes, mtimes, blocks : of each, in bytes, ns since 1970, and blocks on disk; one more at the end, of no file
    folders : names of folders, and of links to such
    others : names of what is neither: dangling links, links in a circle, devices
    untold : names that could not be asked for size and time, and why
    """

    def __init__(self, path: str, mtime: int) -> None:
        self.path = path
        self.mtime = mtime
        self.names: list[str] = []
        self.sizes = array("q")
        self.mtimes = array("q")
        self.blocks = array("q")
        self.folders: list[str] = []
        self.others: list[str] = []
        self.untold: dict[str, str] = {}

    @property
    def stats(self) -> int:
        """How many files were asked for size and time."""
        return len(self.names) + len(self.others) + len(self.untold)

    def digest(self) -> int:
        """A number that changes when any name, size or time in the folder does."""
        names = "\0".join((*self.names, "/", *self.folders, "/", *self.others))
        content = blake2b(names.encode("utf-8", "surrogateescape"), digest_size=7)
        content.update(self.sizes.tobytes())
        content.update(self.mtimes.tobytes())
        return int.from_bytes(content.digest(), "little")


def list_folder(root: str, path: str) -> Listing:
    """List ``root/path``; raises OSError if it cannot be read."""
    descriptor = os.open(os.path.join(root, path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        listing = Listing(path, os.fstat(descriptor).st_mtime_ns)
        _read(listing, descriptor)
    finally:
        os.close(descriptor)
    listing.sizes.append(NO_SIZE)
    listing.mtimes.append(NO_TIME)
    listing.blocks.append(0)
    return listing


def _read(listing: Listing, descriptor: int) -> None:
    # A million files pass through this loop; what is looked up once outside of it is a fifth of its time.
    names, sizes = listing.names.append, listing.sizes.append
    mtimes, blocks = listing.mtimes.append, listing.blocks.append
    # Asking through the open folder spares the kernel the long way from the root for every file.
    with os.scandir(descriptor) as entries:
        for entry in entries:
            try:
                if entry.is_dir():
                    listing.folders.append(entry.name)
                    continue
                status = entry.stat()
                if status.st_mode & TYPE_MASK == REGULAR:
                    sizes(status.st_size)
                    mtimes(status.st_mtime_ns)
                    blocks(status.st_blocks)
                    names(entry.name)
                else:
                    listing.others.append(entry.name)
            except FileNotFoundError:
                listing.others.append(entry.name)
            except OSError as error:
                if error.errno == ELOOP:
                    listing.others.append(entry.name)
                else:
                    listing.untold[entry.name] = error.strerror or str(error)
