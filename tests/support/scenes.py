"""Random disks and archives for a production, and the trees of files that they stand for."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random

import h5py
from observations import SECOND, Copy, File, Mark, file_at
from plain_production import Artifact, Production, below_root
from worlds import ARCHIVES, DAY, GRACE, MINUTE, REDUCED_BYTES, START

Disk = dict[str, File]
MIXTURES = [
    ["sound"] * 12 + ["absent", "small", "growing", "copied", "damaged"],
    ["sound"] * 3 + ["absent"] * 3 + ["small", "growing", "copied", "copied too small"],
    ["absent"] * 6 + ["copied"] * 6 + ["sound", "small"],
    ["absent"] * 12 + ["sound", "growing", "small", "copied"],
    ["sound"],
    ["absent"],
]
# Around the tolerance of two seconds, whole seconds and not.
TIMES = [0, 0, 0, 0, 0, 0, 1, SECOND // 2, SECOND, 2 * SECOND, 2 * SECOND + 1, 3 * SECOND, MINUTE]
HDF5_BYTES = 2048  # more than an HDF5 file without content


@dataclass(frozen=True)
class Scene:
    """Files on disk, and for each path its copy in the first archive, the second, and so on, at one time."""

    disk: Disk
    archive: dict[str, list[Copy]]


def random_scene(chance: Random, production: Production) -> Scene:
    """Disks and an archive for a production."""
    scene = Scene({}, {})
    for kind in production.order:
        mixture = chance.choice(MIXTURES)
        for artifact in production.of_kind(kind):
            place(chance, production, scene, artifact.path, chance.choice(mixture), start=START)
    return scene


def changed_scene(chance: Random, production: Production, before: Scene) -> Scene:
    """The scene a day later: some files written, rewritten or removed, some copies made."""
    scene = Scene(dict(before.disk), dict(before.archive))
    mixture = chance.choice(MIXTURES)
    for kind in production.order:
        for artifact in production.of_kind(kind):
            if rarely(chance, 4):
                for one in artifact.places:
                    clear(scene.disk, one)
                scene.archive.pop(artifact.path, None)
                place(chance, production, scene, artifact.path, chance.choice(mixture), start=START + DAY)
    return scene


def random_folders(chance: Random, scene: Scene) -> list[str]:
    """Folders that cannot be read: mostly none."""
    folders = folders_of(scene.disk)
    return chance.sample(folders, min(chance.choice([1, 2]), len(folders))) if rarely(chance, 3) else []


def folders_of(places: Iterable[str]) -> list[str]:
    """The folders of files, without the roots themselves."""
    folders = {str(folder) for place in places for folder in Path(place).parents}
    return sorted(folder for folder in folders if below_root(f"{folder}/x") != "x" and folder not in (".", ".."))


def rarely(chance: Random, times: int) -> bool:
    """True about once in ``times``."""
    return chance.randrange(times) == 0


def place(chance: Random, production: Production, scene: Scene, path: str, state: str, *, start: int) -> None:
    """Put one artifact on a disk or into the archive a week before ``start``; its inputs stand there already.

    It lies in its first place mostly, or in another one, sometimes in two.
    """
    artifact = production.artifacts[path]
    places = [artifact.places[0], *artifact.places]
    for number, one in enumerate(chance.sample(places, 1 if rarely(chance, 2) else min(2, len(places) - 1))):
        put(
            chance,
            production,
            scene,
            one,
            state if number == 0 else chance.choice(["absent", "sound", state]),
            start=start,
        )


def put(chance: Random, production: Production, scene: Scene, at: str, state: str, *, start: int) -> None:
    """Put one artifact into one of its places, or into the archive."""
    path = production.by_place[at]
    artifact = production.artifacts[path]
    least = artifact.min_bytes
    enough = enough_bytes(production, path) + chance.choice([0, 0, 7])
    time = start - 7 * DAY + chance.choice(TIMES)
    if state == "copied":
        scene.archive[path] = [(enough, time)]
    elif state == "copied too small" and least:
        scene.archive[path] = [(least - 1, time)]
    elif state != "absent":
        file = _file(chance, production, scene, path, state, start=start, enough=enough, time=time)
        lacks = state == "damaged"
        scene.disk.update(_contents(artifact, at, file, lacks=lacks) if artifact.is_folder else {at: file})
        if rarely(chance, 4):
            copies = [(enough, time), (enough, time - MINUTE), (max(least - 1, 0), time)]
            scene.archive[path] = chance.sample(copies, chance.randint(1, len(ARCHIVES)))


def _contents(artifact: Artifact, at: str, file: File, *, lacks: bool) -> Disk:
    """The files in a folder, of this size and time together."""
    names = [*artifact.holds, *(f"f{number}" for number in range(artifact.files))]
    names = [*(names[1:] if lacks else names), "f9"]
    each = file.size // len(names)
    sizes = [file.size - each * (len(names) - 1), *([each] * (len(names) - 1))]
    files = {
        f"{at}{name}": File(size, file.mtime - n * MINUTE)
        for n, (name, size) in enumerate(zip(names, sizes, strict=True))
    }
    return files


def clear(disk: Disk, place: str) -> None:
    """Remove the file in a place, or those in a folder."""
    for path in [path for path in disk if is_in(path, place)]:
        del disk[path]


def is_in(path: str, place: str) -> bool:
    """Whether a path is a place, or in it if that is a folder."""
    return path == place or (place.endswith("/") and path.startswith(place))


def enough_bytes(production: Production, path: str) -> int:
    """A size with which the file of an artifact is sound, and has room for its mark."""
    artifact = production.artifacts[path]
    own = REDUCED_BYTES if production.kinds[artifact.kind].get("reduce") else HDF5_BYTES if is_hdf5(path) else 0
    return max(artifact.min_bytes, own)


def is_hdf5(path: str) -> bool:
    """Whether a file must be HDF5, by its name."""
    return path.endswith(".h5")


def _file(
    chance: Random, production: Production, scene: Scene, path: str, state: str, *, start: int, enough: int, time: int
) -> File:
    artifact = production.artifacts[path]
    is_reduced = bool(production.kinds[artifact.kind].get("reduce"))
    if state == "growing":
        time = start - chance.choice([1, GRACE - SECOND, MINUTE])
    if state == "small" or (state == "growing" and rarely(chance, 3)):
        # A reduced file must have room for its mark: too small or not depends on what its kind asks for.
        size = REDUCED_BYTES - 1 if is_reduced else max(artifact.min_bytes - 1, 0)
    else:
        size = enough
    file = File(size, time, damaged=is_hdf5(path) and (state == "damaged" or size < HDF5_BYTES))
    if is_reduced and not file.damaged and not rarely(chance, 4):
        return replace(file, mark=_mark(chance, production, scene, path, time))
    return file


def _mark(chance: Random, production: Production, scene: Scene, path: str, time: int) -> Mark:
    """A record of the inputs that a reduced file had, which may differ from those that are there now."""
    inputs: dict[str, Copy] = {}
    for one in production.inputs_of(path):
        files = {
            place: file_at(scene.disk, production.artifacts[one], place) for place in production.artifacts[one].places
        }
        at = chance.choice([place for place, file in files.items() if file] or [one])
        name, now, copies = below_root(at), files[at], scene.archive.get(one, [])
        if now is None:
            if copies or rarely(chance, 2):
                inputs[name] = copies[0] if copies else (REDUCED_BYTES, time - MINUTE)
            continue
        whole = now.mtime - now.mtime % SECOND
        others = (now.mtime - MINUTE, now.mtime + 1, whole)
        choices = [(now.size, now.mtime)] * 9 + [(now.size, other) for other in others]
        choices += [(now.size + 1, now.mtime), *(copies * 3)]
        if not rarely(chance, 15):
            inputs[name] = chance.choice(choices)
    if not inputs:  # nothing is made from nothing
        inputs[production.inputs_of(path)[0]] = (REDUCED_BYTES, time - MINUTE)
    own = chance.choice([time] * 8 + [time - MINUTE, time - time % SECOND])
    return Mark(inputs, own, complete=not rarely(chance, 12))


# Files

WriteMark = Callable[[Path, File], None]


def lay(root: Path, before: Disk, after: Disk, *, folder_time: int, write_mark: WriteMark) -> None:
    """Change a tree from one disk to another, each changed file by a new one.

    Folders in which anything changed get ``folder_time``; the others keep theirs.
    """
    root.mkdir(exist_ok=True)
    changed: set[Path] = set()
    for path in sorted({*before, *after}):
        if before.get(path) == after.get(path):
            continue
        file = Path(os.path.normpath(root / path))
        own = root if file.is_relative_to(root) else root.parent / file.relative_to(root.parent).parts[0]
        changed |= {folder for folder in file.parents if folder.is_relative_to(own)}
        if path in before:
            file.unlink()
        if path in after:
            write(file, after[path], write_mark)
    for folder in sorted(changed, reverse=True):
        os.utime(folder, ns=(folder_time, folder_time))


def write(path: Path, file: File, write_mark: WriteMark) -> None:
    """Write one file, or overwrite it in place; most of it is a hole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        if is_hdf5(path.name) and not file.damaged and file.mark is None and file.size >= HDF5_BYTES:
            stream.write(_empty_hdf5())
    if file.mark is not None:
        write_mark(path, file)
    assert path.stat().st_size <= file.size, f"{path}: its content alone is larger than {file.size} bytes"
    with path.open("ab") as stream:
        stream.truncate(file.size)  # HDF5 does not mind what follows its end
    os.utime(path, ns=(file.mtime, file.mtime))


@cache
def _empty_hdf5() -> bytes:
    content = BytesIO()
    with h5py.File(content, "w"):
        pass
    return content.getvalue()
