"""The front door for a shell: commands that read HDF5 files run in a process of their own, and this one waits for it.

So a file on which the library crashes, or loops for ever, ends in one line that names it; ``reduce`` then goes on in another
process, which gives each output one of its own. A second SIGTERM or SIGINT, or half a minute after the first, ends whatever hangs.
"""

from __future__ import annotations

import os
import signal
import sys

import click

from latteboard.cli.main import main as unguarded

GUARDED = frozenset(
    ("tslice", "average", "collect", "concatenate", "fft", "project", "h5diff", "h5merge", "reduce", "index")
)
PATIENCE = 30  # seconds
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


def main() -> None:
    """Run the command line."""
    if not GUARDED.intersection(sys.argv[1:]):
        unguarded()
        return
    from latteboard.files.watched import Note, end_with_parent, watch_this_process

    parent, again = os.getpid(), False
    while True:
        note = Note()
        child = os.fork()
        if not child:
            end_with_parent(parent)
            watch_this_process(note, again=again)
            unguarded()
            return
        _wait(child, note, may_return="reduce" in sys.argv[1:] and not again)
        again = True


def _wait(child: int, note: object, *, may_return: bool) -> None:
    """Wait for the command, and end as it does, unless it was killed and ``may_return``; signals go on to it."""
    from latteboard.files.watched import CRASHES

    requests, forwarded = 0, False

    def forward(number: int, _: object) -> None:
        nonlocal requests, forwarded
        forwarded = True
        requests += number in (signal.SIGTERM, signal.SIGINT)
        os.kill(child, signal.SIGKILL if requests > 1 else number)
        if requests == 1:
            signal.alarm(PATIENCE)

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if may_return and not forwarded and -code in (*CRASHES, signal.SIGPROF, signal.SIGKILL):
        _clear_up(note)
        for number, handler in before.items():
            signal.signal(number, handler)
        return
    os._exit(code if code >= 0 else _ended_by(signal.Signals(-code), note, stopped=requests > 0))


def _clear_up(note: object) -> str:
    """Remove the drafts of a command that was killed; return the file that it was reading, empty if none."""
    from latteboard.files.atomic import remove_drafts
    from latteboard.files.watched import Note

    assert isinstance(note, Note)
    remove_drafts(note)
    return note.parts[0]


def _ended_by(number: signal.Signals, note: object, *, stopped: bool) -> int:
    """What to say, and with which code to end, if the command was ended by a signal."""
    from latteboard.files.watched import CRASHES, reason_of_end
    from latteboard.text import shown

    file = _clear_up(note)
    if number in (*CRASHES, signal.SIGPROF):
        reason = (
            reason_of_end(file, number)
            if file
            else f"the HDF5 library crashed ({number.name}); nothing is half-written"
        )
        click.echo(f"latteboard: {shown(reason)}", err=True)
        return 1
    if stopped:
        click.echo("latteboard: ended at once, as asked; nothing is half-written", err=True)
        return 1
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 1
