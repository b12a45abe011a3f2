"""A catalog of any number of rows without a single file, as an index of a production would have written it."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.updating.finish import Run, finish
from latteboard.catalog.updating.observations import Observations
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.files.state import Files
from latteboard.status.states import FileState

KIND = "formfac"  # which has the rows
ENSEMBLES = ("a15m310", "a12m310", "a12m220", "a09m310", "a06m310")
SOURCES, SEPARATIONS = 8, (3, 4, 5, 6, 7)
EACH = len(ENSEMBLES) * SOURCES * len(SEPARATIONS)  # rows for each configuration number
L, T, STEP = 32, 96, 6
INDEXED = datetime(2024, 3, 1, 12, tzinfo=UTC)
CAMPAIGN = f"""
[campaign]
name = "many rows"
root = "production"
[axes]
t_separation = {list(SEPARATIONS)}
[kinds.cfg]
path  = "{{ensemble}}_{{stream}}/cfgs/{{ensemble}}.{{configuration}}.lime"
given = true
[kinds.{KIND}]
path      = "{{ensemble}}_{{stream}}/{KIND}/{{configuration}}/{KIND}_dt{{t_separation}}_Srcs{{source_set}}_{{source}}_SS.h5"
needs     = ["cfg"]
min_bytes = 100_000
"""


def many_rows(folder: Path, rows: int) -> Campaign:
    """Write a campaign with so many artifacts of KIND and the catalog of an index that found most of them.

    The last twentieth of the configurations is not there, so that what needs them is blocked; of the others one artifact in
    fifty is missing, one in a thousand bad, one in a thousand growing. Times are all different, as they are on a disk.
    """
    numbers = range(300, 300 + STEP * (rows // EACH), STEP)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "production").mkdir(exist_ok=True)
    (folder / "sources.lst").write_text("".join(_sources(number) for number in numbers))
    ensembles = "".join(_ensemble(name, numbers) for name in ENSEMBLES)
    (folder / "campaign.toml").write_text(CAMPAIGN + ensembles)
    campaign = Campaign.read(folder / "campaign.toml")
    with Catalog.for_writing(campaign.catalog).transaction(campaign, lambda *_: None) as transaction:
        _record(transaction, campaign)
        finish(transaction, Run(_ns(INDEXED), 60.0, "full", 0))
    return campaign


def _ensemble(name: str, numbers: range) -> str:
    return (
        f'[ensembles.{name}]\nstreams = ["e"]\nL = {L}\nT = {T}\nconfigurations = "{numbers[0]}:{numbers[-1]}:{STEP}"\n'
        f'sources = {{ file = "sources.lst" }}\nsource_sets = {{ "0-7" = [0, {SOURCES}] }}\n'
        f'parameters = {{ action = "of {name}" }}\n'
    )


def _sources(number: int) -> str:
    """Eight sources of a configuration, spread evenly in time, anywhere in space."""
    x, y, z, t = np.random.default_rng(number).integers((L, L, L, T)).tolist()
    steps = [(x + 7 * k, y + 5 * k, z + 11 * k, t + k * T // SOURCES) for k in range(SOURCES)]
    return "".join(f"{number} {a % L} {b % L} {c % L} {d % T}\n" for a, b, c, d in steps)


def _record(transaction: IndexTransaction, campaign: Campaign) -> None:
    draw = np.random.default_rng(1)
    for kind in campaign.kinds:
        expected = campaign.expected(kind)
        configurations = expected.rows["configuration"]
        chance = draw.random(len(expected))
        states = np.full(len(expected), FileState.sound, dtype=np.uint8)
        states[configurations >= np.quantile(configurations, 0.95)] = FileState.absent
        if kind == KIND:
            states[chance < 0.022] = FileState.growing
            states[chance < 0.021] = FileState.bad
            states[chance < 0.020] = FileState.absent
        there = states != FileState.absent
        sizes = np.where(there, 267_744 + 16 * configurations.astype(np.int64), -1)
        days = 1 + 29 * chance if kind == KIND else np.full(len(expected), 31.0)
        mtimes = np.where(there, _ns(INDEXED) - (days * 86_400 * 1e9).astype(np.int64), 0)
        bad = np.flatnonzero(states == FileState.bad).tolist()
        problems = {row: f"too small: {sizes[row]} bytes, expected at least 300000" for row in bad}
        zeros = np.zeros(len(expected), dtype=np.int64)
        files = Files(sizes, mtimes, mtimes, zeros, zeros, there.astype(np.int64))
        transaction.record(Observations(kind, np.arange(len(expected)), files, states, problems))


def _ns(when: datetime) -> int:
    return int(when.timestamp()) * 10**9
