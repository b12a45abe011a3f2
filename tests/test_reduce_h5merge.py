"""One HDF5 file receives what it lacks of another: nothing that it holds changes, and it comes out whole or not at all."""

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from disk import full_disk, run, script
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latteboard.errors import InputRefused, OutputRefused
from latteboard.files.hdf5 import COMPLETE, RecordedInput, stamp, write_mark
from reducer.hdf5 import merge as module
from reducer.hdf5.diff import compare
from reducer.hdf5.merge import merge

Write = Callable[[h5py.File], object]
OLD = 1_600_000_000 * 10**9  # ns


def write(path: Path, fill: Write) -> Path:
    path.parent.mkdir(exist_ok=True)
    with h5py.File(path, "w") as file:
        fill(file)
    stamp(path, OLD)
    return path


def a3(file: h5py.File) -> None:
    """A current, with attributes and a layout of its own."""
    data = np.arange(60, dtype=complex).reshape(20, 3)
    corr = file.create_dataset("proton/A3/corr", data=data, chunks=(4, 3), compression="gzip", maxshape=(None, 3))
    corr.attrs["meta"] = "t0==2&tsep==3&nt==8"
    corr.attrs["is_shifted"] = np.int32(0)
    file["proton/A3"].attrs["empty"] = h5py.Empty("f4")


def v4(file: h5py.File) -> None:
    file["proton/V4/corr"] = np.ones(5)
    file["spec"] = 2.5


def both(file: h5py.File) -> None:
    a3(file)
    v4(file)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "from.h5", both)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return write(tmp_path / "into.h5", v4)


@contextmanager
def untouched(path: Path) -> Iterator[None]:
    """A file stays byte for byte and in time what it was, and what else is in its folder too."""

    def seen() -> tuple[Any, ...]:
        status = path.stat()
        return path.read_bytes(), status.st_mtime_ns, status.st_ino, sorted(path.parent.iterdir())

    before = seen()
    yield
    assert seen() == before


def refuses(source: Path, into: Path, message: str, error: type[Exception] = OutputRefused) -> None:
    """A merge is refused, and a dry run of it, in one line; nothing is touched."""
    for dry_run in (True, False):
        with untouched(into), pytest.raises(error, match=message) as refused:
            merge(source, into, dry_run=dry_run)
        assert "\n" not in str(refused.value)


# -- what is copied --------------------------------------------------------------------------------------------------


def test_what_is_lacking_is_copied_with_attributes_and_layout_and_what_is_there_stays(source: Path, into: Path) -> None:
    with h5py.File(into, "r+") as file:
        file["own"] = [1, 2]
        file.attrs["author"] = "me"
    merged = merge(source, into)
    assert merged.copied == ("/proton/A3/corr",)
    assert merged.equal == ("/proton/V4/corr", "/spec")
    assert [str(one) for one in compare(source, into)] == [
        "/: attribute author: only in B",
        "/own: only in B (dataset)",
    ]
    with h5py.File(into) as file:
        corr = file["proton/A3/corr"]
        assert (corr.chunks, corr.compression, corr.maxshape) == ((4, 3), "gzip", (None, 3))
        assert corr.attrs.get_id("is_shifted").dtype == np.int32
        assert isinstance(file["proton/A3"].attrs["empty"], h5py.Empty)
        np.testing.assert_array_equal(file["own"], [1, 2])
        assert file.attrs["author"] == "me"
    assert sorted(into.parent.iterdir()) == [source, into]


def test_merging_again_changes_nothing(source: Path, into: Path) -> None:
    merge(source, into)
    with untouched(into):
        again = merge(source, into)
    assert (again.lacking, len(again.equal)) == ((), 3)


def test_attributes_that_are_lacking_are_copied_with_their_types(tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "f4": np.float32(1.5),
        "text": "t0==2&tsep==3",
        "fixed": np.bytes_(b"abc"),
        "texts": ["a", "bc"],
        "bool": np.array([True, False]),
        "complex": 1 + 2j,
        "empty": h5py.Empty("f8"),
        "compound": np.array([(1, 2.0)], dtype=[("n", "i4"), ("x", "f8")]),
        "long": "x" * 100_000,
    }

    def rich(file: h5py.File) -> None:
        v4(file)
        for thing in (file, file["proton"], file["spec"]):
            thing.attrs.update(values)

    source, into = write(tmp_path / "a.h5", rich), write(tmp_path / "b.h5", v4)
    merged = merge(source, into)
    assert (merged.copied, len(merged.lacking)) == ((), 3 * len(values))
    assert compare(source, into) == []
    with h5py.File(source) as one, h5py.File(into) as other:
        for name in values:
            found = [file["spec"].attrs.get_id(name).get_type() for file in (one, other)]
            assert found[0] == found[1]


def test_links_are_copied_as_links(tmp_path: Path) -> None:
    def linked(file: h5py.File) -> None:
        v4(file)
        file["soft"] = h5py.SoftLink("/spec")
        file["dangling"] = h5py.SoftLink("/nowhere")
        file["deep/er/external"] = h5py.ExternalLink("other.h5", "/x")
        file["second"] = file["spec"]
        file["new"] = np.zeros(9)
        file["newer"] = file["new"]
        file["proton/up"] = file["/"]
        file["group/circle"] = file.create_group("again")

    source, into = write(tmp_path / "a.h5", linked), write(tmp_path / "b.h5", v4)
    merge(source, into)
    assert compare(source, into) == []
    with h5py.File(into) as file:
        assert isinstance(file.get("soft", getlink=True), h5py.SoftLink)
        assert isinstance(file.get("deep/er/external", getlink=True), h5py.ExternalLink)
        for one, other in (("second", "spec"), ("new", "newer"), ("proton/up", "/"), ("group/circle", "again")):
            assert file[one] == file[other]
    assert merge(source, into).lacking == ()


def test_named_types_and_empty_things_are_copied(tmp_path: Path) -> None:
    def odd(file: h5py.File) -> None:
        file["type"] = np.dtype([("re", "f8"), ("im", "f8")])
        file.create_dataset("of_type", data=np.zeros(3, dtype=file["type"].dtype), dtype=file["type"])
        file["nothing"] = h5py.Empty("i4")
        file["none"] = np.zeros((0, 3))
        file.create_group("empty group")

    source, into = write(tmp_path / "a.h5", odd), write(tmp_path / "b.h5", v4)
    merge(source, into)
    assert [one.what for one in compare(source, into)] == ["only in B"] * 4


def test_a_virtual_dataset_stays_virtual_where_its_parts_are_found(tmp_path: Path) -> None:
    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((2, 4), "f8")
        for row in range(2):
            layout[row] = h5py.VirtualSource("part.h5", "row", (4,))
        file.create_virtual_dataset("x", layout)

    write(tmp_path / "part.h5", lambda file: file.create_dataset("row", data=np.arange(4.0)))
    source, into = write(tmp_path / "a.h5", virtual), write(tmp_path / "b.h5", v4)
    merge(source, into)
    with h5py.File(into) as file:
        assert file["x"].is_virtual
        np.testing.assert_array_equal(file["x"], [np.arange(4.0)] * 2)
    elsewhere = write(tmp_path / "folder" / "c.h5", v4)
    with pytest.raises(
        OutputRefused,
        match=rf"{elsewhere}: cannot hold what .*: the copy: /x: virtual, and its source part.h5 is not there",
    ):
        merge(source, elsewhere)
    assert [path.name for path in elsewhere.parent.iterdir()] == ["c.h5"]


def test_a_link_that_would_lead_elsewhere_from_another_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "other.h5", v4)
    source = write(tmp_path / "a.h5", lambda file: file.__setitem__("x", h5py.ExternalLink("other.h5", "/spec")))
    into = write(tmp_path / "folder" / "b.h5", v4)

    with (
        untouched(into),
        pytest.raises(OutputRefused, match="/x: external link leads nowhere in B; nothing was changed"),
    ):
        merge(source, into)


def test_through_a_link_no_other_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    for folder, fill in ((tmp_path / "one", both), (tmp_path, v4)):
        write(folder / "other.h5", fill)
        write(folder / "main.h5", lambda file: file.__setitem__("x", h5py.ExternalLink("other.h5", "/")))
    refuses(tmp_path / "one" / "main.h5", tmp_path / "main.h5", "/x: external link leads to what differs: /x/proton/A3")


def test_a_reference_that_would_point_astray_is_refused(tmp_path: Path) -> None:
    def referring(file: h5py.File) -> None:
        file["pad"] = np.zeros(1000)
        file["x"] = 1.0
        file["refers"] = file["x"].ref

    source, into = write(tmp_path / "a.h5", referring), write(tmp_path / "b.h5", v4)
    with pytest.raises(OutputRefused, match=r"cannot hold what .*/refers: 1 of 1 values differ"):
        merge(source, into)


def test_permissions_stay_and_a_symbolic_link_stays_one(source: Path, into: Path, tmp_path: Path) -> None:
    into.chmod(0o640)
    link = tmp_path / "link.h5"
    link.symlink_to(into.name)
    merge(source, link)
    assert link.is_symlink()
    assert into.stat().st_mode & 0o777 == 0o640
    assert compare(source, into) == []


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda file: file["proton/V4/corr"].__setitem__(3, 7.0), "/proton/V4/corr: 1 of 5 values differ"),
        (lambda file: file["spec"].attrs.__setitem__("meta", "other"), "/spec: attribute meta: 1 of 1 values differ"),
        (lambda file: file["proton"].attrs.__setitem__("n", 2), "/proton: attribute n: 1 of 1 values differ"),
        (lambda file: (file.__delitem__("spec"), file.create_group("spec")), "/spec: dataset in A, group in B"),
        (
            lambda file: (file.__delitem__("spec"), file.__setitem__("spec", [2.5])),
            r"/spec: shape \(\) in A, \(1,\) in B",
        ),
    ],
)
def test_where_both_differ_the_merge_is_refused_and_names_it(
    source: Path, into: Path, change: Callable[[h5py.File], object], named: str
) -> None:
    for path in (source, into):
        with h5py.File(path, "r+") as file:
            file["spec"].attrs["meta"] = "one"
            file["proton"].attrs["n"] = 1
    with h5py.File(into, "r+") as file:
        change(file)
    refuses(source, into, f"^{into}: what both have differs from A = {source} in 1 places, first {named}")


def test_the_same_file_under_any_name_is_refused(into: Path, tmp_path: Path) -> None:
    (tmp_path / "soft.h5").symlink_to(into)
    (tmp_path / "hard.h5").hardlink_to(into)
    for name in ("into.h5", "soft.h5", "hard.h5"):
        refuses(tmp_path / name, into, "the same file as")


def test_a_file_that_is_not_there_is_not_begun(source: Path, tmp_path: Path) -> None:
    none = tmp_path / "none.h5"
    with pytest.raises(OutputRefused, match=f"{none}: not there; .*: cp {source} {none}"):
        merge(source, none)
    assert not none.exists()
    refuses(none, source, f"^{none}: cannot be read: No such file", InputRefused)


def test_damaged_and_unfinished_files_are_refused(source: Path, into: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.h5"
    cut.write_bytes(source.read_bytes()[:-100])
    unfinished = write(tmp_path / "unfinished.h5", lambda file: file.attrs.__setitem__(COMPLETE, False))
    never = write(tmp_path / "never.h5", lambda file: file.create_dataset("x", (5,), "f8"))
    text = tmp_path / "text.h5"
    text.write_text("text")
    for path, reason in {
        cut: "truncated or damaged",
        unfinished: "marked incomplete",
        text: "not an HDF5 file",
        never: "/x: never written: whoever wrote the file was stopped",
    }.items():
        refuses(path, into, f"^{path}: {reason}", InputRefused)
        if path != never:
            refuses(source, path, f"^{path}: {reason}", InputRefused)


def test_damage_that_only_reading_shows_is_not_copied(into: Path, tmp_path: Path) -> None:
    source = write(
        tmp_path / "a.h5",
        lambda file: file.create_dataset("x", data=np.arange(1000), chunks=(100,), fletcher32=True),
    )
    with h5py.File(source) as file:
        offset = file["x"].id.get_chunk_info(4).byte_offset
    with source.open("r+b") as stream:
        stream.seek(offset)
        stream.write(b"\xff\xff")

    message = f"^{into}: cannot hold what {source} holds: {source}: /x: truncated or damaged"
    with untouched(into), pytest.raises(OutputRefused, match=message):
        merge(source, into)


# -- marks -----------------------------------------------------------------------------------------------------------


def mark(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        made = write_mark(file, path="made.h5", inputs=[RecordedInput("raw.h5", 1, 2)], recipe={"steps": ["average"]})
    stamp(path, made)


def test_a_marked_file_takes_no_foreign_data(source: Path, into: Path) -> None:
    mark(into)
    refuses(source, into, f"^{into}: its mark says what it was made from, and would not be true with /proton/A3 in it")


def test_a_marked_file_that_lacks_nothing_is_left_as_it_is(source: Path, into: Path) -> None:
    mark(source)
    with untouched(source):
        assert merge(into, source).lacking == ()


def test_a_mark_is_not_copied(source: Path, into: Path) -> None:
    mark(source)
    with h5py.File(source, "r+") as file:
        file.attrs["author"] = "me"
    merge(source, into)
    with h5py.File(into) as file:
        assert list(file.attrs) == ["author"]


# -- whole or not at all ---------------------------------------------------------------------------------------------


def during(monkeypatch: pytest.MonkeyPatch, action: Callable[[Path], object]) -> None:
    """Let something happen to the draft when it has been filled."""
    check = module._wrong

    def disturbed(draft: Path, source: Path) -> str | None:
        action(draft)
        return check(draft, source)

    monkeypatch.setattr(module, "_wrong", disturbed)


def test_an_error_on_the_way_leaves_everything_as_it_was(
    source: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(draft: Path) -> None:
        assert draft.parent == into.parent
        raise KeyboardInterrupt

    during(monkeypatch, fail)

    with untouched(into), pytest.raises(KeyboardInterrupt):
        merge(source, into)


def test_a_copy_that_does_not_read_as_the_original_does_not_take_the_name(
    source: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(draft: Path) -> None:
        with h5py.File(draft, "r+") as file:
            file["proton/A3/corr"][2, 1] = 0

    during(monkeypatch, spoil)

    with (
        untouched(into),
        pytest.raises(OutputRefused, match=r"cannot hold what .*: /proton/A3/corr: 1 of 60 values differ"),
    ):
        merge(source, into)


@pytest.mark.parametrize("which", ["source", "into"])
@pytest.mark.parametrize("how", ["written", "replaced"])
def test_a_file_that_changes_meanwhile_is_refused_and_the_change_stays(
    source: Path, into: Path, monkeypatch: pytest.MonkeyPatch, which: str, how: str
) -> None:
    changing = source if which == "source" else into

    def change(_: Path) -> None:
        new = Path(shutil.copy(changing, changing.with_name("new.h5"))) if how == "replaced" else changing
        with h5py.File(new, "r+", locking=False) as file:
            file["latest"] = 1
        new.replace(changing)

    during(monkeypatch, change)
    with pytest.raises(OutputRefused, match="changed meanwhile; nothing was done"):
        merge(source, into)
    with h5py.File(changing) as file:
        assert "latest" in file
    with h5py.File(into) as file:
        assert "proton/A3" not in file
    assert sorted(into.parent.iterdir()) == [source, into]


KILLED = """
import os, signal
from pathlib import Path
from reducer.hdf5 import merge as module
module._wrong = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
module.merge(*map(Path, sys.argv[1:]))
"""


def test_killed_on_the_way_the_file_is_as_it_was_and_the_next_merge_clears_up(source: Path, into: Path) -> None:
    before = into.read_bytes(), into.stat()
    done = subprocess.run(script(KILLED, source, into), check=False)
    assert done.returncode == -signal.SIGKILL
    assert (into.read_bytes(), into.stat()) == before
    assert len([path for path in into.parent.iterdir() if path.suffix != ".lock"]) == 3
    merge(source, into)
    assert compare(source, into) == []
    assert sorted(into.parent.iterdir()) == [source, into]


MERGE = """
from latteboard.cli import main
sys.argv = ["latteboard", "h5merge", *sys.argv[1:]]
main()
"""


def test_where_there_is_no_room_nothing_changes_and_one_line_says_so(into: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "large.h5", lambda file: file.create_dataset("x", data=np.ones(100_000)))

    with untouched(into):
        done = subprocess.run(
            script(MERGE, source, into), check=False, capture_output=True, text=True, preexec_fn=full_disk(200_000)
        )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"latteboard: {into}: cannot take what it lacks of {source}: ")


# -- random files ----------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c d"])
LEAVES = st.sampled_from([1.5, [1, 2, 3], "text", [[True], [False]], 2j])
TREES = st.recursive(
    st.dictionaries(NAMES, LEAVES, max_size=3),
    lambda inner: st.dictionaries(NAMES, inner | LEAVES, max_size=3),
    max_leaves=8,
)


def grow(group: h5py.Group, tree: dict[str, Any]) -> None:
    for name, inner in tree.items():
        if isinstance(inner, dict):
            grow(group.create_group(name), inner)
        else:
            group[name] = inner
        group[name].attrs["of"] = group.name


def agree(one: Any, other: Any) -> bool:
    """Whether two trees can be merged."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(agree(one[name], other[name]) for name in one.keys() & other.keys())
    return type(one) is type(other) and bool(one == other)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(TREES, TREES)
def test_a_merged_file_holds_both_and_a_second_merge_finds_nothing(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any]
) -> None:
    source, into = write(tmp_path / "a.h5", lambda file: grow(file, one)), tmp_path / "b.h5"
    write(into, lambda file: grow(file, other))
    original = Path(shutil.copy(into, tmp_path / "c.h5"))
    if not agree(one, other):
        refuses(source, into, "what both have differs")
        return
    merged = merge(source, into)
    for part in (source, original):
        assert {found.what for found in compare(part, into)} <= {"only in B"}
    assert {found.name for found in compare(original, into)} == {found.name for found in merged.lacking}
    with untouched(into):
        assert merge(source, into).lacking == ()


# -- the command -----------------------------------------------------------------------------------------------------

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return lambda *words: run(capfd, monkeypatch, "h5merge", *words)


def test_a_dry_run_lists_what_would_be_copied(source: Path, into: Path, command: Command) -> None:
    with untouched(into):
        code, out, err = command(source, into, "--dry-run")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "would copy /proton/A3 (group)",
        "would copy /proton/A3/corr (dataset)",
        "1 datasets and 1 groups, links or attributes would be copied; 2 datasets were equal",
    ]


def test_the_command_says_how_many_were_copied_and_how_many_equal(source: Path, into: Path, command: Command) -> None:
    code, out, err = command(source, into)
    assert (code, err) == (0, "")
    assert out == "1 datasets and 1 groups, links or attributes copied; 2 datasets were equal\n"
    code, out, err = command(source, into, "--json")
    equal = ["/proton/A3/corr", "/proton/V4/corr", "/spec"]
    assert (code, json.loads(out), err) == (0, {"copied": [], "others": [], "equal": equal}, "")


def test_a_refusal_is_exit_1_and_one_line_and_wrong_usage_exit_2(source: Path, into: Path, command: Command) -> None:
    with h5py.File(into, "r+") as file:
        file["spec"][()] = 0
    code, out, err = command(source, into)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"latteboard: {into}: what both have differs from A = {source} in 1 places, first /spec: ")
    assert command(source)[0] == 2


def test_names_and_texts_in_any_encoding_are_merged(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = h5py.h5g.create(file.id, b"caf\xe9")
        made = h5py.h5d.create(group, b"r\xe9sultat", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((3,)))
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(3.0))
        h5py.h5a.create(made, b"n\xe9", h5py.h5t.NATIVE_DOUBLE, h5py.h5s.create(h5py.h5s.SCALAR)).write(np.array(0.5))
        h5py.h5o.link(made, file.id, b"alias\xe9")
        file.id.links.create_soft(b"soft\xe9", b"/caf\xe9/r\xe9sultat")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["own"] = 1.0
    merged = merge(tmp_path / "a.h5", tmp_path / "b.h5")
    assert len(merged.copied) == 2  # one dataset under two names
    assert [one.what for one in compare(tmp_path / "a.h5", tmp_path / "b.h5")] == ["only in B"]
