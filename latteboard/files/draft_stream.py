"""A draft as a stream for the HDF5 library, which must not learn that a disk is full.

After a write that failed the library crashes when it closes the file. So this stream takes everything: the first error is kept,
what follows is dropped, and the draft is given up once the library has closed it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

PENDING_BYTES = 1 << 16


@contextmanager
def drafted_file(path: Path, *, new: bool) -> Iterator[h5py.File]:
    """An HDF5 file that is open for writing inside the block; an error of writing is raised once it is closed."""
    stream = DraftStream(path, new=new)
    try:
        with h5py.File(stream, "w" if new else "r+") as file:
            yield file
    finally:
        stream.close()
    stream.check()


class DraftStream:
    """A file that is open for reading and writing; errors of writing are kept, not raised.

    Attributes
    ----------
    error : the first error of writing; None while all went well
    """

    def __init__(self, path: Path, *, new: bool) -> None:
        """Raises :class:`OSError` if the file cannot be opened; a ``new`` one must not be there."""
        self.error: OSError | None = None
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if new else 0), 0o666)
        self._position = 0
        self._pending = bytearray()  # what is to be written next, since the library writes in pieces of some bytes
        self._pending_at = 0

    def check(self) -> None:
        """Raise the error that was kept, if there is one."""
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Close the file."""
        self._write_pending()
        os.close(self._descriptor)

    # -- what the library calls --------------------------------------------------------------------------------------

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place; the end is counted from that of the file."""
        if whence == os.SEEK_END:
            self._write_pending()
            offset += os.fstat(self._descriptor).st_size
        self._position = offset + (self._position if whence == os.SEEK_CUR else 0)
        return self._position

    def tell(self) -> int:
        """The present place."""
        return self._position

    def read(self, size: int) -> bytes:
        """Read some bytes; by this method h5py recognises a stream."""
        found = bytearray(size)
        self.readinto(found)
        return bytes(found)

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; what is beyond the end of the file, since it could not be written, reads as zeros."""
        self._write_pending()
        view = memoryview(buffer).cast("B")
        found = 0
        while found < len(view) and (more := os.preadv(self._descriptor, [view[found:]], self._position + found)):
            found += more
        view[found:] = bytes(len(view) - found)
        self._position += len(view)
        return len(view)

    def write(self, data: Any) -> int:
        """Write all of it, unless a write has failed before."""
        view = memoryview(data).cast("B")
        if self._position != self._pending_at + len(self._pending) or len(self._pending) + len(view) > PENDING_BYTES:
            self._write_pending()
            self._pending_at = self._position
        self._pending += view
        self._position += len(view)
        return len(view)

    def _write_pending(self) -> None:
        if self._pending:
            self.write_at(self._pending_at, memoryview(self._pending))
            self._pending = bytearray()

    def write_at(self, place: int, view: memoryview) -> None:
        """Write bytes to a place, unless a write has failed before."""
        done = 0
        while done < len(view) and self.error is None:
            try:
                done += os.pwrite(self._descriptor, view[done:], place + done)
            except OSError as error:
                self.error = error

    def truncate(self, size: int) -> int:
        """Give the file a size."""
        self._write_pending()
        try:
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            self.error = self.error or error
        return size

    def flush(self) -> None:
        """Do nothing: there is no buffer here, and what is written is on disk before the draft takes its name."""
