"""Processes that read HDF5 files for an index, each file with a deadline.

On a damaged file the HDF5 library may crash or never come to an end. It then ends a process beside this one, and costs that file
alone: it is :class:`Hopeless`. A file system that does not answer proves nothing about a file: it was :class:`NotInTime`.
"""

import faulthandler
import os
import pickle
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, Self

from latteboard.files.hdf5 import Unreadable
from latteboard.files.watched import CRASHES, end_with_parent, stop_watching

CPU_SECONDS = 10.0  # of the processor for one file; the longest that was seen took five
WALL_SECONDS = 60.0
# So many questions are handed to a process at once: enough that it need not wait for the next one.
AHEAD = 32
LARGEST_CREW = 4
FEW = 100  # for so many files one process is enough
LIVES = 2  # a process that is killed was perhaps not killed for the file that it read

Question = tuple[Callable[..., Any], tuple[Any, ...]]


class Hopeless(Exception):
    """The HDF5 library crashes on a file, or does not come to an end with it; the message says which."""


class NotInTime(Unreadable):
    """A file was not read in time, which says nothing of it: perhaps its file system does not answer."""

    def __init__(self, path: str) -> None:
        super().__init__(0, "", path)
        self.reason = f"not read within {WALL_SECONDS:.0f} s"


class Killed(Unreadable):
    """A process that reads a file is killed from outside, or has too little memory, which says nothing of the file."""

    def __init__(self, path: str) -> None:
        super().__init__(0, "", path)
        self.reason = "not read: perhaps that needs more memory than there is"


class Readers:
    """Asks questions about files in processes beside this one, which are started when they are needed.

    A question is a function of a module with its arguments, the first of which is the path of a file.
    """

    def __init__(self) -> None:
        self._idle: list[_Reader] = []
        self._owner = os.getpid()

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Ask one question.

        Raises
        ------
        Hopeless, NotInTime, Unreadable : the file could not be read
        """
        ((_, answer),) = self.ask_all([(function, arguments)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask_all(self, questions: Sequence[Question]) -> Iterator[tuple[int, Any]]:
        """Ask many questions at once; the position and the answer of each, as they come.

        An answer may be an error of :meth:`ask`, which is not raised here.
        """
        if not questions:
            return
        todo, lives = deque(range(len(questions))), Counter[int]()
        busy = [self._reader() for _ in range(min(_largest_crew(), 1 + len(questions) // FEW))]
        try:
            while todo or any(reader.asked for reader in busy):
                for place, reader in enumerate(busy):
                    if todo and not reader.asked:
                        busy[place] = self._reader() if reader.has_ended else reader
                        numbers = [todo.popleft() for _ in range(max(1, min(AHEAD, len(todo) // len(busy))))]
                        busy[place].hand_out(numbers, [questions[number] for number in numbers])
                for reader in _ready(busy):
                    number, answer = reader.asked[0], reader.answer(_path_of(questions[reader.asked[0]]))
                    lives[number] += 1
                    if isinstance(answer, Exception) and not isinstance(answer, Hopeless | Unreadable):
                        raise answer
                    if not isinstance(answer, Killed) or lives[number] == LIVES:
                        yield reader.asked.popleft(), answer
                    if reader.has_ended:
                        todo.extendleft(reversed(reader.asked))  # it never came to these
                        reader.asked.clear()
        finally:
            for reader in busy:
                self._keep(reader)

    def _reader(self) -> "_Reader":
        if self._owner != os.getpid():  # this process has been forked; those that there are answer another one
            self._idle, self._owner = [], os.getpid()
        with suppress(IndexError):  # another thread may have taken it
            return self._idle.pop()
        return _Reader()

    def _keep(self, reader: "_Reader") -> None:
        if reader.asked or reader.has_ended:  # it would answer what nobody asks any more
            reader.end()
        else:
            self._idle.append(reader)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._idle:
            self._idle.pop().end()


def _largest_crew() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(LARGEST_CREW, available)


def _ready(busy: "list[_Reader]") -> Iterator["_Reader"]:
    """The readers that have an answer, or whose time is over; waits for one."""
    asked = [reader for reader in busy if reader.asked]
    timeout = max(0.0, min(reader.deadline for reader in asked) - time.monotonic())
    there = wait([reader.connection for reader in asked], timeout)
    for reader in asked:
        if reader.connection in there or time.monotonic() >= reader.deadline:
            yield reader


class _Reader:
    """One process, and the numbers of the questions that it has been asked and has not answered."""

    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        self.asked: deque[int] = deque()
        self.deadline = 0.0
        self.has_ended = False
        parent = os.getpid()
        self._process = os.fork()
        if not self._process:
            try:
                self.connection.close()
                end_with_parent(parent)
                _serve(theirs)
            finally:
                os._exit(0)
        theirs.close()

    def hand_out(self, numbers: Sequence[int], questions: Sequence[Question]) -> None:
        """Ask some questions."""
        with suppress(OSError):  # of a process that has ended the answer tells
            self.connection.send_bytes(pickle.dumps(questions))
        self.asked += numbers
        self.deadline = time.monotonic() + WALL_SECONDS

    def answer(self, path: str) -> Any:
        """The answer to the first question, which is about ``path``; an error if the process ended over it, or is late."""
        if not self.connection.poll():
            self.end()
            return NotInTime(path)
        self.deadline = time.monotonic() + WALL_SECONDS
        try:
            found = pickle.loads(self.connection.recv_bytes())  # noqa: S301 written by a process of our own
        except (EOFError, OSError):
            return self._how_it_ended(path)
        if isinstance(found, MemoryError):
            self.end()
            return Killed(path)
        return found

    def _how_it_ended(self, path: str) -> Exception:
        _, status = os.waitpid(self._process, 0)
        code, self._process = os.waitstatus_to_exitcode(status), 0
        self.end()
        if code == -signal.SIGPROF:
            return Hopeless(f"the HDF5 library loops on it: no end after {CPU_SECONDS:.0f} s of the processor")
        if -code in CRASHES:
            return Hopeless(f"the HDF5 library crashes on it ({signal.Signals(-code).name})")
        return Killed(path)

    def end(self) -> None:
        """End the process; one that waits for a file system cannot be ended, and is left to itself."""
        self.has_ended = True
        self.connection.close()
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            for _ in range(20):
                if os.waitpid(self._process, os.WNOHANG)[0]:
                    break
                time.sleep(0.01)
            self._process = 0


def _path_of(question: Question) -> str:
    _, arguments = question
    return str(arguments[0]) if arguments else ""


def _serve(connection: Connection) -> None:
    """Answer questions until nobody asks any more."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)  # whoever asks ends this process
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    stop_watching()
    faulthandler.disable()  # a crash is an answer
    with suppress(EOFError, OSError):
        while True:
            for function, arguments in pickle.loads(connection.recv_bytes()):  # noqa: S301 likewise
                signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
                try:
                    answer = function(*arguments)
                except Exception as error:  # noqa: BLE001 whoever asked raises it
                    answer = error
                signal.setitimer(signal.ITIMER_PROF, 0)
                connection.send_bytes(pickle.dumps(answer))
