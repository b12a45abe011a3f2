"""The files of a demo: HDF5 in the layout of the production codes, and sparse files that have only a size."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.demo.options import Options
from latteboard.demo.physics import Complex, three_point, two_point
from latteboard.demo.progress import Artifact
from latteboard.names.templates import Source, Value

# The magic number, version and flags of a LIME record, with which fields and propagators begin. One block of data on the
# disk tells such a file from one whose data were migrated, which the index reports.
LIME = bytes.fromhex("456789ab 0001 8000")


@dataclass
class Tally:
    """The number of files and the sum of their sizes in bytes.

    Kept while files are written, since asking the file system for the sizes of a million takes long.
    """

    files: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """Count one more file of this size."""
        self.files += 1
        self.bytes += size


class Writer:
    """Writes artifacts below the campaign's root, replacing those that an interrupted demo may have left there.

    Attributes
    ----------
    tally : of the files written
    """

    def __init__(self, campaign: Campaign, options: Options) -> None:
        self.tally = Tally()
        self._campaign = campaign
        self._options = options
        self._root = str(campaign.root)
        self._folders: set[str] = set()

    def write(self, artifact: Artifact, mtime_ns: int) -> None:
        """Write one file with the time ``mtime_ns``, in ns since 1970."""
        folder = f"{self._root}/{artifact.folder}"
        if folder not in self._folders:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        path = f"{folder}/{artifact.name}"
        if self._options.empty or not path.endswith(".h5"):
            write_sparse(path, artifact.least_bytes, mtime_ns, start=b"" if self._options.empty else LIME)
            self.tally.add(artifact.least_bytes)
            return
        # Without locking, which some network file systems refuse.
        with h5py.File(path, "w", locking=False) as file:
            for name, data in self._datasets(artifact):
                dataset = file.create_dataset(name, data=data)
                # As the production codes mark four-dimensional correlators that are not shifted to their source.
                if data.ndim == 5:
                    dataset.attrs["is_shifted"] = np.int32(0)
        os.utime(path, ns=(mtime_ns, mtime_ns))
        self.tally.add(Path(path).stat().st_size)

    def _datasets(self, artifact: Artifact) -> Iterator[tuple[str, NDArray[np.generic]]]:
        """The datasets of a file, each with its path.

        Correlators are float64, real and imaginary part last: shape (T, L, L, L, 2), or (T, 2) at zero momentum.
        """
        if artifact.kind.name == "src":
            source = artifact.coordinates["source"]
            assert isinstance(source, Source)
            yield "position", np.array([source.x, source.y, source.z, source.t], dtype=np.int32)
            return
        for name, inner in self._campaign.datasets(artifact.kind.name).of(artifact.coordinates).items():
            correlator = self._correlator({**artifact.coordinates, **inner})
            if not artifact.kind.name.endswith("_4D"):
                correlator = correlator.sum(axis=(1, 2, 3))
            yield name, correlator.view(np.float64).reshape(*correlator.shape, 2)

    def _correlator(self, coordinates: Mapping[str, Value]) -> Complex:
        """The correlator of these coordinates, shape (T, L, L, L); the 4D file and the projected one have the same noise."""
        stream = self._campaign.stream(coordinates)
        rng = self._options.random(" ".join(f"{name}={value}" for name, value in sorted(coordinates.items())))
        source, backward = coordinates["source"], coordinates["particle"] == "proton_np"
        assert isinstance(source, Source)
        if "current" not in coordinates:
            return two_point(stream.L, stream.T, source, rng, backward=backward)
        return three_point(
            *(stream.L, stream.T, source, rng),
            separation=int(str(coordinates["t_separation"])),
            current=str(coordinates["current"]),
            flavor=str(coordinates["flavor_spin"])[:2],
            backward=backward,
        )


def write_sparse(path: str | Path, size: int, mtime_ns: int, *, start: bytes = b"") -> None:
    """Write a file of ``size`` bytes that holds no data but its ``start``, with the time ``mtime_ns`` (ns since 1970).

    Without a start it has no block on the disk, as a file that was migrated to tape.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        os.write(descriptor, start)
        os.ftruncate(descriptor, size)
        os.utime(descriptor, ns=(mtime_ns, mtime_ns))
    finally:
        os.close(descriptor)
