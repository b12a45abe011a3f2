"""Lists one folder: the files in it with size, times and identity, the folders, and what could not be read."""

import os
from array import array
from errno import ELOOP
from hashlib import blake2b

import numpy as np

from latteboard.files.state import NO_FILE, Files
from latteboard.times import DAY_NS

REGULAR, TYPE_MASK = 0o100000, 0o170000
# Times beyond these, of broken clocks and file systems, are kept as the nearest bound; they are named as a problem. A day of
# room is left, so that sums with a tolerance stay within 64 bits.
EARLIEST, LATEST = -(2**62), 2**63 - 1 - DAY_NS


class Listing:
    """The contents of one folder.

    Attributes
    ----------
    mtime, ctime, inode, device : of the folder, times in ns since 1970, taken before it was listed
    names : of regular files, and of links to such
    files : a column each of sizes, mtimes, ctimes, inodes, devices, blocks; one entry more at the end, of no file
    folders : names of folders, and of links to such
    others : names of what is neither: dangling links, links in a circle, devices
    is_elsewhere : whether the folder is on another disk than the one that was known under its name
    unreadable : names that could not be asked for size and time, and why
    """

    def __init__(self, path: str, status: os.stat_result) -> None:
        self.path = path
        self.mtime, self.ctime = within_bounds(status.st_mtime_ns), within_bounds(status.st_ctime_ns)
        self.inode, self.device = signed(status.st_ino), signed(status.st_dev)
        self.names: list[str] = []
        self.columns = tuple(array(code) for code in "qqqQQq")
        self.folders: list[str] = []
        self.others: list[str] = []
        self.is_elsewhere = False
        self.unreadable: dict[str, str] = {}

    @property
    def files(self) -> Files:
        """The files as columns."""
        return Files(*(np.frombuffer(column, np.int64) for column in self.columns))

    @property
    def stats(self) -> int:
        """The number of files that were asked for size and time."""
        return len(self.names) + len(self.others) + len(self.unreadable)

    @property
    def is_empty(self) -> bool:
        """Nothing at all is in the folder."""
        return not (self.names or self.folders or self.others or self.unreadable)

    def digest(self) -> int:
        """A number that changes when any name, or size, time or inode of a file in the folder does."""
        names = "\0".join((*self.names, "/", *self.folders, "/", *self.others))
        content = blake2b(names.encode("utf-8", "surrogateescape"), digest_size=7)
        sizes, mtimes, ctimes, inodes, _, blocks = self.columns
        for column in (sizes, mtimes, ctimes, inodes, np.frombuffer(blocks, np.int64) == 0):
            content.update(column.tobytes())
        return int.from_bytes(content.digest(), "little")


def within_bounds(time: int) -> int:
    """A time in ns since 1970 as near as a number of 64 bits comes to it."""
    return min(max(time, EARLIEST), LATEST)


def signed(number: int) -> int:
    """A number of 64 bits as databases and arrays keep it."""
    return number - 2**64 if number >= 2**63 else number


def list_folder(root: str, path: str) -> Listing:
    """List ``root/path``; raises OSError if it cannot be read."""
    descriptor = os.open(os.path.join(root, path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        listing = Listing(path, os.fstat(descriptor))
        _read(listing, descriptor)
    finally:
        os.close(descriptor)
    for column, value in zip(listing.columns, (NO_FILE, 0, 0, 0, 0, 0), strict=True):
        column.append(value)
    return listing


def _read(listing: Listing, descriptor: int) -> None:
    # A million files pass through this loop; what is looked up once outside of it is a fifth of its time.
    names = listing.names.append
    sizes, mtimes, ctimes, inodes, devices, blocks = (column.append for column in listing.columns)
    # Asking through the open folder spares the kernel the long way from the root for every file.
    with os.scandir(descriptor) as entries:
        for entry in entries:
            try:
                if entry.is_dir():
                    listing.folders.append(entry.name)
                    continue
                status = entry.stat()
                if status.st_mode & TYPE_MASK == REGULAR:
                    mtime, ctime = status.st_mtime_ns, status.st_ctime_ns
                    if not (EARLIEST <= mtime <= LATEST and EARLIEST <= ctime <= LATEST):
                        mtime, ctime = within_bounds(mtime), within_bounds(ctime)
                    sizes(status.st_size)
                    mtimes(mtime)
                    ctimes(ctime)
                    inodes(status.st_ino)
                    devices(status.st_dev)
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
                    listing.unreadable[entry.name] = error.strerror or str(error)
