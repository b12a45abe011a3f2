"""Stops cleanly: what the signals that end a job do is to leave a note, which whoever makes outputs reads."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_bool
from multiprocessing import get_context

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class Stop:
    """Whether somebody asked to stop.

    It is a byte of memory that worker processes share, and no event: an event has a lock, which a worker that is killed
    may leave closed, and for which a signal handler would wait for ever if it interrupted who holds it.
    """

    def __init__(self) -> None:
        self.flag = get_context("spawn").RawValue(c_bool, False)

    @property
    def requested(self) -> bool:
        """Whether it is time to stop."""
        return bool(self.flag.value)

    def request(self) -> None:
        """Ask to stop; to ask again changes nothing."""
        self.flag.value = True


@contextmanager
def stopping_on_signals() -> Iterator[Stop]:
    """Inside the block SIGTERM, SIGINT and SIGUSR1 ask to stop; before and after it they do what they did.

    Only the main thread can set what signals do; in another they do what they did.
    """
    stop = Stop()
    mine = SIGNALS if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, lambda *_: stop.request()) for number in mine}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def signals_held() -> Iterator[None]:
    """Signals that come inside the block are heard at its end; processes that are started in it never hear them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
