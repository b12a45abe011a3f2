"""Random histories of a production: steps that change disk, archives, claims or campaign, each followed by an index."""

import copy
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from campaign_edits import edited
from comparison import Comparison
from observations import SECOND, File
from scenes import MIXTURES, Scene, clear, enough_bytes, folders_of, is_hdf5, is_in, put, random_scene, rarely
from worlds import DAY, GRACE, MINUTE, START, World

from latteboard.errors import BooksKept, CampaignError

INTERVALS = [MINUTE, GRACE + SECOND, 60 * MINUTE, DAY, 40 * DAY]


class History:
    """A production at a moving clock.

    Attributes
    ----------
    told : one line a step
    """

    def __init__(self, folder: Path, world: World) -> None:
        self.comparison = Comparison(folder, world)
        self.told: list[str] = []
        self._folder = folder
        self._clock = START
        self._past: dict[str, File] = {}
        self._unreadable: list[str] = []
        self._renamed: dict[str, dict[str, File]] = {}
        self._changed_in_place = False
        self._mount: str | None = None

    # The course of a history

    def step(self, chance: Random) -> None:
        """Change something, index, and compare the whole catalog with the brute force."""
        self._clock += chance.choice(INTERVALS)
        change = chance.choice(self._changes() if self.told else [self._begin])
        description = change(chance)
        look = chance.choice(["full", "deep"] if self._changed_in_place else ["full", "fast", "fast", "deep"])
        # A fast look may miss a change in place until a full one could see it.
        self._changed_in_place = self._changed_in_place and bool(self._unreadable)
        hidden = f", unreadable {' '.join(self._unreadable)}" if self._unreadable else ""
        after = (self._clock - START) / (60 * SECOND)
        self.told.append(f"{description}; index {look} at {after:.0f} min{hidden}")
        self.comparison.index(start=self._clock, fast=look == "fast", deep=look == "deep", unreadable=self._unreadable)

    def _begin(self, chance: Random) -> str:
        """Write the first files; one folder of the root is a link to another disk."""
        artifacts = self.comparison.production.artifacts
        folders = sorted({path.partition("/")[0] for path in artifacts if "/" in path.rstrip("/")})
        if folders:
            self._mount = chance.choice(folders)
            (self._folder / "disk").mkdir()
            self.comparison.campaign.root.mkdir()
            (self.comparison.campaign.root / self._mount).symlink_to(self._folder / "disk")
        disk = random_scene(chance, self.comparison.production).disk
        self._lay(disk)
        return f"write {_listed(disk)}"

    def rebuild(self) -> None:
        """Index into a new catalog with the same listings and claims, and compare that with the brute force too."""
        campaign = self.comparison.world.campaign
        header = {**campaign["campaign"], "catalog": "rebuilt.db"}
        self.told.append("a new catalog")
        rebuilt = Comparison(self._folder, World({**campaign, "campaign": header}, self.comparison.world.lists))
        rebuilt.scene = Scene(self.comparison.scene.disk, {})
        rebuilt.look(self.comparison.scene, start=self._clock, unreadable=self._unreadable)
        rebuilt.claim(*sorted(self.comparison.snapshot.claimed & rebuilt.production.artifacts.keys()))

    def _changes(self) -> list[Callable[[Random], str]]:
        """The changes that are possible now, the more telling ones twice."""
        often = [self._write, self._edit]
        rest = [self._close_folders, self._list_archives, self._claim, self._rename_template, self._wait]
        if self._expected_on_disk():
            often += [self._overwrite, self._truncate, self._touch, self._remove]
            rest += [self._remove_folder, self._rename_folder, self._unmount]
        if self._different():
            often.append(self._restore)
        return [*often, *often, *rest]

    # Files

    def _disk(self) -> dict[str, File]:
        return dict(self.comparison.scene.disk)

    def _some(self, chance: Random, paths: Iterable[str], most: int = 5) -> list[str]:
        candidates = sorted(paths)
        return chance.sample(candidates, min(chance.randint(1, most), len(candidates)))

    def _expected_on_disk(self) -> list[str]:
        return sorted(path for path in self.comparison.scene.disk if self._place_of(path))

    def _place_of(self, path: str) -> str | None:
        """The place of an artifact that a file is, or is in."""
        places = self.comparison.production.by_place
        return next((place for place in (path, path[: path.rfind("/") + 1]) if place in places), None)

    def _different(self) -> list[str]:
        """Paths on which another file was once."""
        return [path for path, file in self._past.items() if self.comparison.scene.disk.get(path) != file]

    def _lay(self, disk: dict[str, File]) -> None:
        self._past |= self.comparison.scene.disk
        self.comparison.lay(disk, folder_time=self._folder_time())

    def _folder_time(self) -> int:
        return self._clock - 60 * MINUTE

    def _drawn(self, chance: Random, paths: list[str]) -> dict[str, File]:
        """New files in these places, or none, in the order of the production."""
        production, mixture = self.comparison.production, chance.choice(MIXTURES)
        scene = Scene(self._disk(), {})
        for path in [path for path in production.by_place if path in paths]:
            clear(scene.disk, path)
            state = chance.choice(mixture)
            start = self._clock if state == "growing" or rarely(chance, 8) else START
            put(chance, production, scene, path, state, start=start)
        return {path: file for path, file in scene.disk.items() if any(is_in(path, place) for place in paths)}

    def _places(self, chance: Random, paths: Iterable[str]) -> list[str]:
        """A place or two of each of some artifacts, the first one mostly."""
        found = []
        for path in paths:
            places = self.comparison.production.artifacts[path].places
            found += chance.sample([places[0], *places], chance.randint(1, min(2, len(places))))
        return list(dict.fromkeys(found))

    def _write(self, chance: Random) -> str:
        artifacts = self.comparison.production.artifacts
        paths = self._places(chance, list(artifacts) if rarely(chance, 5) else self._some(chance, artifacts))
        disk = self._disk()
        for path in paths:
            clear(disk, path)
        drawn = self._drawn(chance, paths)
        self._lay({**disk, **drawn})
        return f"write {_listed(drawn)} of {_listed(paths)}, remove the others of them"

    def _overwrite(self, chance: Random) -> str:
        places = self.comparison.production.by_place
        drawn = self._drawn(chance, self._some(chance, [path for path in self._expected_on_disk() if path in places]))
        self._in_place(drawn)
        return f"overwrite {_listed(drawn)} in place"

    def _truncate(self, chance: Random) -> str:
        files = {}
        for path in self._some(chance, self._expected_on_disk(), most=2):
            before = self.comparison.scene.disk[path]
            size, time = chance.choice([0, before.size // 2, max(before.size - 1, 0)]), self._new_time(chance, before)
            files[path] = File(size, time, damaged=is_hdf5(path))
        self._in_place(files)
        return f"truncate {_listed(files)} in place"

    def _touch(self, chance: Random) -> str:
        paths = self._some(chance, self._expected_on_disk(), most=2)
        times = {path: self._new_time(chance, self.comparison.scene.disk[path]) for path in paths}
        self._past |= self.comparison.scene.disk
        self.comparison.touch(times)
        self._changed_in_place = True
        return f"touch {_listed(paths)}"

    def _new_time(self, chance: Random, file: File) -> int:
        whole = file.mtime // SECOND * SECOND
        times = [START - 7 * DAY, START - 6 * DAY, self._clock - DAY, self._clock - MINUTE, whole, whole + 2 * SECOND]
        odd = [self._clock + DAY, START - 14_000 * DAY]  # in the future, and before 1990
        return chance.choice([*times, *times, file.mtime // 1000 * 1000, file.mtime + 3 * SECOND, *odd])

    def _in_place(self, files: dict[str, File]) -> None:
        self._past |= self.comparison.scene.disk
        self.comparison.overwrite(files)
        self._changed_in_place = True

    def _remove(self, chance: Random) -> str:
        paths = self._some(chance, self.comparison.scene.disk)
        self._lay({path: file for path, file in self._disk().items() if path not in paths})
        return f"remove {_listed(paths)}"

    def _restore(self, chance: Random) -> str:
        paths = self._some(chance, self._different())
        self._lay({**self._disk(), **{path: self._past[path] for path in paths}})
        return f"restore {_listed(paths)} with their old times"

    # Folders

    def _folders(self) -> list[str]:
        return folders_of(self.comparison.scene.disk)

    def _remove_folder(self, chance: Random) -> str:
        folders = self._some(chance, self._folders(), most=1)
        below = tuple(f"{folder}/" for folder in folders)
        self._lay({path: file for path, file in self._disk().items() if not (below and path.startswith(below))})
        for folder in folders:
            if folder == self._mount:
                continue
            self.comparison.remove_folder(folder, folder_time=self._folder_time())
        return f"remove the folder {_listed(folders)}"

    def _rename_folder(self, chance: Random) -> str:
        for folder, files in sorted(self._renamed.items()):
            root = self.comparison.campaign.root
            # The renamed folder may lie in one that was renamed after it.
            if not (root / folder).exists() and (root / f"{folder}.away").exists():
                del self._renamed[folder]
                self.comparison.move(
                    f"{folder}.away", folder, folder_time=self._folder_time(), files=files, arrives=True
                )
                return f"rename {folder}.away to {folder}"
        for folder in self._some(chance, self._folders(), most=1):
            if folder not in self._renamed:
                files = {path: file for path, file in self._disk().items() if path.startswith(f"{folder}/")}
                self._renamed[folder] = files
                self.comparison.move(
                    folder, f"{folder}.away", folder_time=self._folder_time(), files=files, arrives=False
                )
                return f"rename {folder} to {folder}.away"
        return "rename no folder"

    def _close_folders(self, chance: Random) -> str:
        self._unreadable = [] if self._unreadable else self._some(chance, self._folders(), most=2)
        return "close some folders" if self._unreadable else "open all folders"

    def _unmount(self, chance: Random) -> str:
        """Take the linked disk away for one index, which may refuse to believe it, and bring it back."""
        if self._mount is None or not (self.comparison.campaign.root / self._mount).is_symlink():
            return "unmount nothing"
        edit = f"{self._edit(chance)}, " if rarely(chance, 3) else ""
        disk, is_empty = self._folder / "disk", chance.choice([False, True])
        disk.rename(self._folder / "elsewhere")
        if is_empty:
            disk.mkdir()
        try:
            closed = [folder for folder in self._unreadable if folder != self._mount]  # else it hides that it is empty
            self.comparison.index(start=self._clock, away=[self._mount], unreadable=closed)
        except BooksKept:
            return f"{edit}unmount {self._mount}: refused"
        finally:
            if is_empty:
                disk.rmdir()
            (self._folder / "elsewhere").rename(disk)
            self._clock += DAY
        return f"{edit}unmount {self._mount}, {'empty' if is_empty else 'dangling'}, for one index and mount it again"

    # Archives, claims, campaign, time

    def _list_archives(self, chance: Random) -> str:
        production = self.comparison.production
        archive = {}
        for path in [path for path in production.artifacts if not rarely(chance, 3)]:
            enough = enough_bytes(production, path)
            files = [one for one in (self.comparison.scene.disk.get(path), self._past.get(path)) if one is not None]
            copies = [(file.size, file.mtime) for file in files] * 3
            copies += [(file.size, self._new_time(chance, file)) for file in files]
            copies += [(enough, START - 7 * DAY), (enough + 7, START - 7 * DAY), (max(enough - 1, 0), START)]
            archive[path] = chance.sample(copies, chance.choice([1, 1, 2]))
        self.comparison.list_archives(archive)
        return f"list archives with {len(archive)} paths"

    def _claim(self, chance: Random) -> str:
        production = self.comparison.production
        made = [path for path, one in production.artifacts.items() if not production.kinds[one.kind].get("given")]
        paths, hours = self._some(chance, made), chance.choice([6, 6, 6, -1])
        self.comparison.claim(*paths, hours=hours)
        return f"claim {_listed(paths)} for {hours} h"

    def _edit(self, chance: Random) -> str:
        before = self.comparison.world
        world, description = edited(chance, before)
        if world is None:
            return "leave the campaign as it is"
        try:
            self.comparison.state_campaign(world)
        except CampaignError:
            self.comparison.state_campaign(before)
            return "leave the campaign as it is"
        return f"edit the campaign: {description}"

    def _rename_template(self, chance: Random) -> str:
        """Rename the files of a kind, all or some, together with its templates."""
        before = self.comparison.production
        world = World(copy.deepcopy(self.comparison.world.campaign), self.comparison.world.lists)
        name = chance.choice(sorted(world.campaign["kinds"]))
        kind = world.campaign["kinds"][name]
        old, new = (f"{name}x", name) if f"{name}x" in kind["path"] else (name, f"{name}x")
        kind["path"] = kind["path"].replace(old, new)
        if "also" in kind:
            kind["also"] = [template.replace(old, new) for template in kind["also"]]
        names = {place: place.replace(old, new) for one in before.of_kind(name) for place in one.places}
        moved = [place for place in names if not rarely(chance, 6)]
        disk = {}
        for path, file in self._disk().items():
            place = self._place_of(path)
            disk[names[place] + path[len(place) :] if place in moved else path] = file
        self._lay(disk)
        self.comparison.state_campaign(world)
        drawn = self._drawn(chance, self._some(chance, names.values(), most=2)) if rarely(chance, 2) else {}
        self._lay({**self._disk(), **drawn})
        return f"rename {_listed(moved)} with the template of {name}, write {_listed(drawn)}"

    def _wait(self, chance: Random) -> str:
        self._clock += chance.choice(INTERVALS)
        return "wait"


def _listed(paths: Iterable[str]) -> str:
    names = sorted(paths)
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "") or "nothing"
