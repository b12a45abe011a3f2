"""A clean stop: signals that end a job set a flag, which tasks read between datasets."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_bool
from multiprocessing import get_context

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class Stop:
    """A request to stop, shared with worker processes.

    It is a byte of shared memory, and no event: an event has a lock. A worker that is killed may leave that lock closed,
    and a signal handler that interrupts its holder would wait for ever.
    """

    def __init__(self) -> None:
        self.flag = get_context("spawn").RawValue(c_bool, False)

    @property
    def requested(self) -> bool:
        """Whether it is time to stop."""
        return bool(self.flag.value)

    def request(self) -> None:
        """Ask to stop; a second request changes nothing."""
        self.flag.value = True


@contextmanager
def stopping_on_signals() -> Iterator[Stop]:
    """Turn SIGTERM, SIGINT and SIGUSR1 into requests to stop; their handlers are restored after the block.

    Only the main thread can set handlers; in another thread they stay as they are.
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
    """Hold back signals until the end of the block; processes that are started in it block them for ever."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
