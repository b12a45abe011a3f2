"""A small production with known physics, partly incomplete and out of order: for tests, a first look and benchmarks."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from latteboard.campaign import Campaign
from latteboard.demo.disorder import DAY, Disorder, Spoiler
from latteboard.demo.files import Writer
from latteboard.demo.options import Options
from latteboard.demo.physics import TRUTH, Truth
from latteboard.demo.progress import Artifact, Progress, artifacts
from latteboard.errors import LatteboardError

__all__ = ["TRUTH", "DemoReport", "Disorder", "Truth", "write_demo"]

UNFINISHED = "unfinished_demo.toml"  # what campaign.toml is called until everything else is written
STEP = 600 * 10**9  # nanoseconds from one kind of a configuration to the next, where they are few


@dataclass(frozen=True)
class DemoReport:
    """What a demo consists of.

    Attributes
    ----------
    campaign : its campaign.toml
    files, bytes : how many lie below the root, and the sum of their sizes
    statuses : how many expected artifacts of each (kind, status) an index should count that does not look inside files
        and runs within the grace time
    disorder : what was put out of order
    """

    campaign: Path
    files: int
    bytes: int
    statuses: dict[tuple[str, str], int]
    disorder: tuple[Disorder, ...]

    @property
    def deep_statuses(self) -> dict[tuple[str, str], int]:
        """The same for an index that does look inside files; without meaning for a demo of empty ones."""
        return moved(self.statuses, ((d.kind, d.status, d.deep_status) for d in self.disorder if d.kind))


def write_demo(
    folder: Path,
    *,
    configurations: int = 6,
    L: int = 8,
    T: int = 16,
    empty: bool = False,
    seed: int = 20240229,
    now: datetime | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> DemoReport:
    """Write a production below ``folder``, its source lists and, last of all, its campaign.toml.

    The same arguments give the same bytes in every file. Times are in the past, later along the chain of production.

    Parameters
    ----------
    folder : made if needed; it must be empty, or hold this same demo interrupted, which is then finished
    configurations : of the first ensemble, at least 2; a second one has two streams of half as many
    L, T : extent of the first ensemble's lattice in space and time; the second has half of it
    empty : sparse files of the least size, of every kind that is made for each configuration, instead of data
    seed : of noise and source positions
    now : when the youngest file was modified; has a time zone
    progress : told now and then how many files are written

    Raises
    ------
    LatteboardError : the folder holds something else or cannot be written; the lattice or number of configurations is
        too small.
    """
    options = Options(configurations=configurations, L=L, T=T, empty=empty, seed=seed)
    options.check()
    try:
        campaign = begin(folder, options)
        return fill(campaign, options, int((now or datetime.now(UTC)).timestamp()) * 10**9, progress)
    # The library for HDF5 files says so in its own way when a disk is full.
    except (OSError, RuntimeError) as error:
        raise LatteboardError(
            f"{folder}: the demo cannot be written: {error}. Repeat the command to finish it"
        ) from error


def fill(campaign: Campaign, options: Options, now_ns: int, tell: Callable[[int], None]) -> DemoReport:
    """Write every file that is to be there, put some out of order, and give the campaign its name."""
    progress = {str(stream): Progress(campaign, stream, empty=options.empty) for stream in campaign.streams}
    writer, mtime = Writer(campaign, options), clock(campaign, now_ns)
    statuses: Counter[tuple[str, str]] = Counter()
    for artifact in artifacts(campaign):
        status = "blocked"  # of what joins configurations, since some are not complete
        if "configuration" in artifact.coordinates:
            stream = str(campaign.stream(artifact.coordinates))
            status = progress[stream].status(artifact.kind.name, artifact.coordinates)
        statuses[artifact.kind.name, status] += 1
        if status == "done":
            writer.write(artifact, mtime(artifact))
            if writer.tally.files % 100 == 0:
                tell(writer.tally.files)
    spoiler = Spoiler(campaign, progress[str(campaign.streams[0])], writer.tally, now_ns)
    disorder = tuple(spoiler.spoil(empty=options.empty))
    counted = moved(statuses, ((d.kind, d.before, d.status) for d in disorder if d.kind))
    done = campaign.path.rename(campaign.path.with_name("campaign.toml"))
    return DemoReport(done, writer.tally.files, writer.tally.bytes, counted, disorder)


def moved(statuses: Mapping[tuple[str, str], int], moves: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], int]:
    """The counts after artifacts (kind, from, to) have changed their status; nothing is counted as 0."""
    counts = Counter(statuses)
    for kind, before, after in moves:
        counts[kind, before] -= 1
        counts[kind, after] += 1
    return {kind_and_status: number for kind_and_status, number in counts.items() if number}


def begin(folder: Path, options: Options) -> Campaign:
    """Claim ``folder`` by writing the campaign under a name that says it is unfinished; then the lists it names."""
    unfinished, text = folder / UNFINISHED, options.campaign()
    if (folder / "campaign.toml").exists():
        raise LatteboardError(f"{folder}: there is a campaign in it already; name a folder that is new or empty")
    if unfinished.exists():
        if not text.startswith(unfinished.read_text(encoding="utf-8", errors="replace")):
            raise LatteboardError(
                f"{folder}: an unfinished demo with other options; repeat those, or name another folder"
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LatteboardError(f"{folder}: not an empty folder; name one that is new or empty")
    folder.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(text, encoding="utf-8")
    for name, lines in options.source_lists():
        (folder / name).write_text(lines, encoding="utf-8")
    return Campaign.read(unfinished)


def clock(campaign: Campaign, now_ns: int) -> Callable[[Artifact], int]:
    """The times of artifacts in nanoseconds since 1970: from 30 to 2 days ago, later along configurations and kinds."""
    kinds = {name: order for order, name in enumerate(campaign.kinds)}
    numbers = {number: order for order, number in enumerate(campaign.values_of("configuration"))}
    step = min(STEP, 28 * DAY // (len(kinds) * len(numbers)))

    def mtime(artifact: Artifact) -> int:
        order = numbers[artifact.coordinates["configuration"]] * len(kinds) + kinds[artifact.kind.name]
        return now_ns - 30 * DAY + order * step

    return mtime
