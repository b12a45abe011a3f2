"""The writing of a demo: its campaign, its source lists and its files, of which some are put out of order."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from latteboard.campaign import Campaign
from latteboard.demo.disorder import Disorder, Spoiler
from latteboard.demo.files import Writer
from latteboard.demo.options import Options
from latteboard.demo.progress import Artifact, Progress, artifacts
from latteboard.errors import LatteboardError
from latteboard.times import DAY_NS, SECOND_NS

UNFINISHED = "unfinished_demo.toml"  # the name of campaign.toml until everything else is written
STEP_NS = 600 * SECOND_NS  # at most so much from one kind of a configuration to the next


@dataclass(frozen=True)
class DemoReport:
    """The content of a demo.

    Attributes
    ----------
    campaign : the campaign file
    files, bytes : the number of files below the root, and the sum of their sizes
    statuses : the number of expected artifacts by (kind, status), as counted by an index that does not open files and runs
        within the grace time
    disorder : the files that were put out of order
    """

    campaign: Path
    files: int
    bytes: int
    statuses: dict[tuple[str, str], int]
    disorder: tuple[Disorder, ...]

    @property
    def deep_statuses(self) -> dict[tuple[str, str], int]:
        """The same as counted by an index that opens all files; without meaning for a demo of empty files."""
        return move_counts(self.statuses, ((d.kind, d.status, d.deep_status) for d in self.disorder if d.kind))


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

    The same arguments give the same bytes in every file. The times of files are in the past and increase along the chain of
    production.

    Parameters
    ----------
    folder : made if needed; it must be empty, or hold the same demo from an interrupted run, which is then finished
    configurations : number of configurations of the first ensemble, at least 2; the two streams of the second have half as
        many each
    L, T : extent of the first ensemble's lattice in space and time, in lattice units; the second has half of it
    empty : write sparse files of the least size instead of data, also for the reduced kinds of single configurations
    seed : of the random numbers for noise and source positions
    now : the time of the youngest file, with a time zone; the present if None
    progress : called now and then with the number of files written

    Raises
    ------
    LatteboardError : the folder holds something else or cannot be written; the lattice or number of configurations is
        too small.
    """
    options = Options(configurations=configurations, L=L, T=T, empty=empty, seed=seed)
    options.check()
    try:
        campaign = _begin(folder, options)
        return _fill(campaign, options, int((now or datetime.now(UTC)).timestamp()) * SECOND_NS, progress)
    # h5py raises RuntimeError when a disk is full.
    except (OSError, RuntimeError) as error:
        raise LatteboardError(
            f"{folder}: the demo cannot be written: {error}. Repeat the command to finish it"
        ) from error


def _fill(campaign: Campaign, options: Options, now_ns: int, report: Callable[[int], None]) -> DemoReport:
    """Write all files, put some out of order, and give the campaign file its final name."""
    progress = {str(stream): Progress(campaign, stream, empty=options.empty) for stream in campaign.streams}
    writer, mtime = Writer(campaign, options), _clock(campaign, now_ns)
    statuses: Counter[tuple[str, str]] = Counter()
    for artifact in artifacts(campaign):
        status = "blocked"  # a concatenation of configurations, since some of these are not complete
        if "configuration" in artifact.coordinates:
            stream = str(campaign.stream(artifact.coordinates))
            status = progress[stream].status(artifact.kind.name, artifact.coordinates)
        statuses[artifact.kind.name, status] += 1
        if status == "done":
            writer.write(artifact, mtime(artifact))
            if writer.tally.files % 100 == 0:
                report(writer.tally.files)
    spoiler = Spoiler(campaign, progress[str(campaign.streams[0])], writer.tally, now_ns)
    disorder = tuple(spoiler.spoil(empty=options.empty))
    counted = move_counts(statuses, ((d.kind, d.before, d.status) for d in disorder if d.kind))
    done = campaign.path.rename(campaign.path.with_name("campaign.toml"))
    return DemoReport(done, writer.tally.files, writer.tally.bytes, counted, disorder)


def move_counts(
    statuses: Mapping[tuple[str, str], int], moves: Iterable[tuple[str, str, str]]
) -> dict[tuple[str, str], int]:
    """Return the number of artifacts by (kind, status) after some have changed their status.

    Parameters
    ----------
    moves : kind, old and new status of each such artifact

    Examples
    --------
    >>> move_counts({("prop", "done"): 3}, [("prop", "done", "bad")])
    {('prop', 'done'): 2, ('prop', 'bad'): 1}
    """
    counts = Counter(statuses)
    for kind, before, after in moves:
        counts[kind, before] -= 1
        counts[kind, after] += 1
    return {kind_and_status: number for kind_and_status, number in counts.items() if number}


def _begin(folder: Path, options: Options) -> Campaign:
    """Write the campaign file under a name that marks the demo as unfinished, and the source lists.

    An interrupted demo is recognised by this file, which states the options; only the same demo may continue in its folder.
    """
    unfinished, text = folder / UNFINISHED, options.campaign()
    if (folder / "campaign.toml").exists():
        raise LatteboardError(f"{folder}: there is a campaign in it already; name a folder that is new or empty")
    if unfinished.exists():
        # The interruption may have cut the file short.
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


def _clock(campaign: Campaign, now_ns: int) -> Callable[[Artifact], int]:
    """The times of artifacts in ns since 1970: from 30 to 2 days ago, increasing along configurations and kinds."""
    kinds = {name: order for order, name in enumerate(campaign.kinds)}
    numbers = {number: order for order, number in enumerate(campaign.values_of("configuration"))}
    step = min(STEP_NS, 28 * DAY_NS // (len(kinds) * len(numbers)))

    def mtime(artifact: Artifact) -> int:
        order = numbers[artifact.coordinates["configuration"]] * len(kinds) + kinds[artifact.kind.name]
        return now_ns - 30 * DAY_NS + order * step

    return mtime
