"""The statuses and the rules in words, the first that holds being the status; and the states of a file on disk."""

from enum import IntEnum


class Status(IntEnum):
    """The status of an artifact, in the order in which the rules are tried."""

    growing = 0
    bad = 1
    stale = 2
    done = 3
    archived = 4
    unknown = 5
    unneeded = 6
    blocked = 7
    claimed = 8
    recall = 9
    ready = 10


RULES = {
    Status.growing: "on disk, changed within the grace time before the scan, and not marked complete: too young to judge",
    Status.bad: "on disk, but too small, truncated, not HDF5 where it should be, marked incomplete, or datasets are missing",
    Status.stale: "on disk and sound, but what it was made from has changed since",
    Status.done: "on disk and none of the above",
    Status.archived: "not on disk; a sound copy is in the archive",
    Status.unknown: "not seen: its disk is away, or its folder could not be read and nothing was known before",
    Status.unneeded: "not there and not wanted: nothing that is missing needs it",
    Status.blocked: "not there and wanted, but given, or some input is neither done nor archived",
    Status.claimed: "not there; a task for it has been handed out and has not expired",
    Status.recall: "not there and wanted; every input exists, some only in the archive",
    Status.ready: "not there and wanted; every input is done: it can be made now",
}


class FileState(IntEnum):
    """The state of an artifact on this disk, as the last index found it, without regard to any other artifact."""

    absent = 0
    sound = 1
    growing = 2
    bad = 3
    bad_content = 4
    """Bad in its content, which only opening it shows; the verdict stands until the file is another one, or changes."""
    unknown = 5


ON_DISK = (FileState.sound, FileState.growing, FileState.bad, FileState.bad_content)

# The status that follows from the state of the file alone, before inputs, archives and wants are known.
FIRST_STATUS = {
    FileState.absent: Status.unneeded,
    FileState.sound: Status.done,
    FileState.growing: Status.growing,
    FileState.bad: Status.bad,
    FileState.bad_content: Status.bad,
    FileState.unknown: Status.unknown,
}
