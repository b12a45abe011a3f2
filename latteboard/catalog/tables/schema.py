"""The tables of a catalog, in prose.

Each kind has a table of its own, named after it with an underscore before (``_prop``), in which numbers are stored as they are
and texts as codes; the view of the kind's own name (``prop``) shows the same rows as people read them.

What follows from campaign and disk can be rebuilt by an index; ``run``, ``history``, ``claim`` and ``replica`` cannot, and an
index that takes up a changed campaign leaves them as they are.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from latteboard.catalog.tables.kinds import KindModel
from latteboard.status.states import Status

VERSION = 5

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column(
        "key",
        Text,
        primary_key=True,
        comment="schema (version of these tables); campaign (its name), campaign file (where it stands, seen from the folder "
        "of the catalog), campaign target (the file that a link in this place leads to), fingerprint (of its content), "
        "digests (of the files that it was read from)",
    ),
    Column("value", Text, nullable=False),
    comment="What the catalog is a catalog of.",
)
root = Table(
    "root",
    metadata,
    Column(
        "number", Integer, primary_key=True, autoincrement=False, comment="from 0; an earlier one counts before a later"
    ),
    Column("stated", Text, nullable=False, comment="as the campaign states it"),
    Column("path", Text, nullable=False, comment="where it was at the last index, links followed"),
    comment="The folders below which the files of the campaign are looked for.",
)
kind = Table(
    "kind",
    metadata,
    Column(
        "id", Integer, primary_key=True, autoincrement=False, comment="never changes, not even when kinds come and go"
    ),
    Column("name", Text, nullable=False, unique=True),
    Column("position", Integer, nullable=False, comment="place in the order of the production, from 0"),
    Column("path", Text, nullable=False, comment="the template, as the campaign states it"),
    Column("description", Text, comment="as the campaign states it"),
    Column("model", Text, nullable=False, comment="coordinates, needs and patterns of paths, as JSON"),
    comment="The kinds of the campaign.",
)
coordinate_value = Table(
    "coordinate_value",
    metadata,
    Column("axis", Text, nullable=False, comment="a coordinate; or one with a format (configuration:04d, source.t)"),
    Column("code", Integer, nullable=False, comment="what the tables of kinds store"),
    Column("text", Text, nullable=False, comment="what people and paths say"),
    PrimaryKeyConstraint("axis", "code"),
    Index("coordinate_value_text", "axis", "text"),
    sqlite_with_rowid=False,
    comment="The texts behind codes.",
)
source_list = Table(
    "source_list",
    metadata,
    Column("ensemble", Integer, nullable=False),
    Column("stream", Integer, comment="empty if the ensemble has no streams"),
    Column("configuration", Integer, nullable=False),
    Column("source_set", Integer, comment="empty if the ensemble has no source sets"),
    Column("source", Integer, comment="empty if the ensemble has no sources"),
    Index("source_list_place", "ensemble", "stream", "configuration"),
    comment="Which source of which configuration belongs to which source set.",
)
axis_value = Table(
    "axis_value",
    metadata,
    Column("axis", Text, nullable=False),
    Column("ensemble", Integer, nullable=False),
    Column("stream", Integer, comment="empty if the values do not depend on it, or the ensemble has no streams"),
    Column("configuration", Integer, comment="empty if the values do not depend on it"),
    Column("value", Integer, nullable=False, comment="a number, or the code of a text"),
    Index("axis_value_place", "axis", "ensemble", "stream", "configuration"),
    comment="Which values each other axis has in which ensemble, stream and configuration.",
)
status_rule = Table(
    "status_rule",
    metadata,
    Column("code", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("rule", Text, nullable=False, comment="an artifact has the first status whose rule holds"),
    comment="What the statuses mean.",
)
problem_text = Table(
    "problem_text",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False, unique=True),
    comment="What is wrong, each wording once.",
)
folder = Table(
    "folder",
    metadata,
    Column("root", Integer, nullable=False, comment="number of the root that it is below"),
    Column("path", Text, nullable=False, comment="relative to the root"),
    Column("mtime", BigInteger, nullable=False, comment="ns since 1970; 0 if it changed too recently to be trusted"),
    Column(
        "ctime",
        BigInteger,
        nullable=False,
        comment="ns since 1970, when the folder last changed; nobody can set it back",
    ),
    Column("inode", BigInteger, nullable=False),
    Column("device", BigInteger, nullable=False),
    Column("digest", BigInteger, nullable=False, comment="of the names, sizes, times and inodes in it"),
    Column(
        "unsettled_until",
        BigInteger,
        nullable=False,
        comment="ns since 1970; listed again before that, by any index",
    ),
    Column(
        "due",
        BigInteger,
        nullable=False,
        comment="ns since 1970; from then on what is in it is judged again, even if nothing changed",
    ),
    PrimaryKeyConstraint("root", "path"),
    sqlite_with_rowid=False,
    comment="What each folder was like when it was last looked into.",
)
stray = Table(
    "stray",
    metadata,
    Column("root", Integer, nullable=False, comment="number of the root that it is below"),
    Column("path", Text, nullable=False, comment="relative to the root; bytes that are not UTF-8 as \\xNN"),
    Column("folder", Text, nullable=False),
    Column("size", BigInteger, comment="bytes; empty for a folder"),
    Column("mtime", BigInteger, comment="ns since 1970"),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("root", "path"),
    Index("stray_folder", "root", "folder"),
    comment="Files and folders that are no expected artifact.",
)
unreadable = Table(
    "unreadable",
    metadata,
    Column("root", Integer, nullable=False, comment="number of the root that it is below"),
    Column("path", Text, nullable=False, comment="relative to the root, which is ."),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("root", "path"),
    comment="Folders that the last look could not read.",
)
container = Table(
    "container",
    metadata,
    Column("root", Integer, nullable=False, comment="number of the root that it is below"),
    Column("path", Text, nullable=False, comment="an HDF5 file that holds artifacts, relative to the root"),
    Column("size", BigInteger, nullable=False),
    Column("mtime", BigInteger, nullable=False, comment="ns since 1970"),
    PrimaryKeyConstraint("root", "path"),
    comment="Containers whose datasets are known; opened again when size or time changes.",
)
recorded_input = Table(
    "recorded_input",
    metadata,
    Column("kind", Integer, nullable=False, comment="of the product"),
    Column("artifact", Integer, nullable=False, comment="id of the product"),
    Column("input_kind", Integer, nullable=False),
    Column("input", Integer, nullable=False, comment="id of the input"),
    Column("size", BigInteger, nullable=False, comment="bytes of the input when the product was made"),
    Column("mtime", BigInteger, comment="ns since 1970; empty where the product was touched since it was made"),
    PrimaryKeyConstraint("kind", "artifact", "input_kind", "input"),
    sqlite_with_rowid=False,
    comment="What reduced files say they were made from.",
)
column_part = Table(
    "column_part",
    metadata,
    Column("kind", Integer, nullable=False),
    Column("part", Integer, nullable=False, comment="number of a run of artifacts, of one ensemble mostly"),
    Column("name", Text, nullable=False, comment="of the column"),
    Column("data", LargeBinary, nullable=False, comment="compressed numbers, see latteboard.catalog.updating.columns"),
    PrimaryKeyConstraint("kind", "part", "name"),
    sqlite_with_rowid=False,
    comment="What the last index knew, column by column, so that the next one reads it back fast; for nobody else.",
)
summary = Table(
    "summary",
    metadata,
    Column("ensemble", Text),
    Column("stream", Text),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False, comment="on this disk; never more than a 64-bit number holds"),
    Column("problems", Integer, nullable=False, comment="how many of them carry a problem"),
    Column("purgeable", Integer, nullable=False, comment="how many of them may be deleted"),
    Column("purgeable_bytes", BigInteger, nullable=False),
    comment="How many of each, as of the last index.",
)
replica = Table(
    "replica",
    metadata,
    Column("archive", Text, nullable=False),
    Column("path", Text, nullable=False, comment="as the campaign names it, relative to the root"),
    Column("size", BigInteger, nullable=False),
    Column("mtime", BigInteger, nullable=False, comment="ns since 1970"),
    Column(
        "sound",
        Boolean,
        comment="stands in for the file: as large as expected, of the size of the file last seen and no older; "
        "empty until an index has seen the listing",
    ),
    Column("kind", Integer, comment="empty until an index has found the artifact of this path; -1 if there is none"),
    Column("artifact", Integer),
    PrimaryKeyConstraint("archive", "path"),
    Index("replica_artifact", "kind", "artifact"),
    comment="Copies that are not on this disk, from listings of archives.",
)
claim = Table(
    "claim",
    metadata,
    Column("path", Text, primary_key=True, comment="relative to the root"),
    Column("kind", Integer),
    Column("artifact", Integer),
    Column("until", BigInteger, nullable=False, comment="s since 1970; the claim has expired after that"),
    Column("owner", Text, nullable=False),
    Index("claim_artifact", "kind", "artifact"),
    comment="Work that has been handed out.",
)
run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started", BigInteger, nullable=False, comment="ns since 1970; grace times count from here"),
    Column("seconds", Integer, nullable=False, comment="how long it took, rounded up"),
    Column("look", Text, nullable=False, comment="full, fast or deep"),
    Column("expected", Integer, nullable=False),
    Column("found", Integer, nullable=False),
    Column("strays", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("unreadable", Integer, nullable=False),
    comment="Every index that changed the books or confirmed them.",
)
history = Table(
    "history",
    metadata,
    Column("run", Integer, nullable=False),
    Column("ensemble", Text),
    Column("stream", Text),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Index("history_run", "run"),
    comment="The summary as it changed: a row stands until a later run states another number.",
)

left_out = Table(
    "left_out",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False, comment="that it would have, relative to the root"),
    Column("ensemble", Text),
    Column("stream", Text),
    Column("configuration", Integer),
    Column("coordinates", Text, nullable=False, comment="all of them, as JSON"),
    Column("reason", Text, nullable=False),
    comment="Artifacts that the campaign leaves out: they are not expected, and nothing waits for them.",
)

STATIC: tuple[Table, ...] = (
    meta,
    root,
    kind,
    coordinate_value,
    source_list,
    axis_value,
    status_rule,
    problem_text,
    folder,
    stray,
    unreadable,
)
STATIC += (left_out, container, recorded_input, column_part, summary, replica, claim, run, history)
# What cannot be rebuilt from campaign and disk; ``meta`` says of which version the tables are.
DURABLE = (meta, replica, claim, run, history)
REBUILT = tuple(table for table in STATIC if table not in DURABLE)


def kind_table(model: KindModel) -> Table:
    """The table of one kind: a row for each expected artifact, this disk's copy in the same row."""
    name = f"_{model.name}"
    columns = [Column(coordinate, Integer, nullable=False) for coordinate in model.coordinates]
    return Table(
        name,
        MetaData(),
        Column("id", Integer, nullable=False, comment="number of the artifact within its kind"),
        *columns,
        Column(
            "place",
            SmallInteger,
            nullable=False,
            comment="where it was found: number of the root x number of templates of the kind + number of the template",
        ),
        Column("size", BigInteger, comment="bytes; empty if it is not on this disk"),
        Column("mtime", BigInteger, comment="ns since 1970"),
        Column(
            "look",
            SmallInteger,
            nullable=False,
            comment="what the last look found: latteboard.status.states.FileState",
        ),
        Column("problem", Integer, comment="id of a problem_text"),
        Column("status", SmallInteger, nullable=False, comment="code of a status_rule"),
        Column("blocked_by", Integer, comment="id of the first kind that is missing"),
        Column("blocked_count", Integer, comment="how many of that kind are missing"),
        Column("wanted", Boolean, nullable=False),
        Column("needed", Boolean, nullable=False, comment="a temporary file that must not be purged"),
        Column(
            "purgeable", Boolean, nullable=False, comment="a temporary file on this disk that nothing needs any more"
        ),
        PrimaryKeyConstraint(*(model.coordinates or ("id",))),
        # What is not done is what people ask for, and what the rules start from; it is few.
        # Two underscores, as no table of a kind has them: that of a kind X_open is _X_open.
        Index(f"_{name}_open", "status", sqlite_where=text(f"status <> {int(Status.done)}")),
        sqlite_with_rowid=False,
        comment=f"{model.path}",
    )
