"""The attribute ``meta`` of correlators, by which the production codes state what was done.

A slice has ``t0==2&tsep==3&nt==8``; a mean a line a term, with ``x==0&y==1&z==2&t==2`` for its source; a transform ends with
``max_momentum==5&n1d_prev==32``. Of our own is ``time_reversed==1``.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from latteboard.names.templates import Source
from reducer.correlators.conventions import Correlator

REVERSED = {"time_reversed": 1}

Meta = Mapping[str, int | str]


def meta_line(entries: Meta) -> str:
    """Write entries as ``t0==2&tsep==3&nt==8``."""
    return "&".join(f"{name}=={value}" for name, value in entries.items())


def parse_meta(line: str) -> dict[str, str]:
    """Parse the entries of one line; other parts are left out."""
    return dict(part.split("==", 1) for part in line.split("&") if "==" in part)


def slice_meta(form: str, t0: int, separation: int, T: int) -> str:
    """The ``meta`` of a time slice; the order of the entries differs between the two forms."""
    if form == "form factor":
        return meta_line({"t0": t0, "tsep": separation, "nt": T})
    return meta_line({"t0": t0, "nt": T, "tsep": separation})


def term_meta(line: str, correlator: Correlator) -> str:
    """The line of one term in the ``meta`` of an average: the ``meta`` of its slice, and its source."""
    assert correlator.source is not None
    source = correlator.source
    entries: dict[str, int | str] = {"x": source.x, "y": source.y, "z": source.z, "t": source.t}
    if correlator.form == "form factor" and correlator.t0 is not None:
        entries["t0"] = correlator.t0
    return "&".join(filter(None, (line, meta_line(entries))))


def transform_meta(lines: str, max_momentum: int, L: int) -> str:
    """The ``meta`` of a transform: its options stand at the end."""
    return "&".join(filter(None, (lines, meta_line({"max_momentum": max_momentum, "n1d_prev": L}))))


def common_meta(metas: Iterable[str]) -> str:
    """The entries that all rows of a concatenation share.

    Examples
    --------
    >>> common_meta(["t0==2&tsep==3&nt==8", "t0==5&tsep==3&nt==8"])
    'tsep==3&nt==8'
    """
    first, *others = map(_shared_entries, metas)
    return meta_line(
        {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
    )


# The datasets of a file share few texts, which take long to parse.
@lru_cache(maxsize=1 << 8)
def _shared_entries(meta: str) -> Meta:
    """The entries that all lines share, sources apart; a transform states its options in the last line for all of them."""
    lines = [parse_meta(line) for line in meta.split("\n")]
    transform = {name: value for name, value in lines[-1].items() if name in ("max_momentum", "n1d_prev")}
    shared = {name: value for name, value in lines[0].items() if all(line.get(name) == value for line in lines)}
    return {name: value for name, value in (shared | transform).items() if name not in ("x", "y", "z", "t")}


@lru_cache(maxsize=1 << 8)
def sources_in(meta: str) -> frozenset[Source]:
    """The sources in the ``meta`` of an average."""
    found = set()
    for line in map(parse_meta, meta.split("\n")):
        if {"x", "y", "z", "t"} <= line.keys():
            found.add(Source(*(int(line[name]) for name in ("x", "y", "z", "t"))))
    return frozenset(found)


def reversed_meta(lines: str) -> str:
    """The ``meta`` of a correlator that was reversed in time, every line of it.

    Examples
    --------
    >>> reversed_meta("x==0&y==1&z==2&t==2")
    'x==0&y==1&z==2&t==2&time_reversed==1'
    """
    return "\n".join("&".join(filter(None, (line, meta_line(REVERSED)))) for line in lines.split("\n"))


def is_reversed(meta: str) -> bool:
    """Whether a correlator was reversed in time, by its ``meta``."""
    return meta_line(REVERSED) in (entry for line in meta.split("\n") for entry in line.split("&"))
