"""Carrying out tasks: engines, failures that stop nothing else, killed workers, signals to real processes."""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from disk import HOUSE, script
from stand_ins import count_threads, task, write_small

from reducer.running.engines import ENGINES, Engine, choose_engine
from reducer.running.run import run
from reducer.running.stopping import SIGNALS, Stop, stopping_on_signals
from reducer.tasks.report import Failure, Report
from reducer.tasks.task import Task

SERIAL = choose_engine("serial", None)
PROCESS = choose_engine("process", 2)
BOTH = pytest.mark.parametrize("engine", [SERIAL, PROCESS], ids=["serial", "process"])


def tasks(*paths: str) -> list[Task]:
    return [task(path) for path in paths]


def simple(root: Path, *paths: str, engine: Engine = SERIAL, **options: Any) -> Report:
    return run(tasks(*paths), root, engine=engine, carry_out=write_small, **options)


@BOTH
def test_every_output_is_made_and_counted(tmp_path: Path, engine: Engine) -> None:
    report = simple(tmp_path, "c", "a", "b", "there", engine=engine, allow_nan=True)
    assert (report.made, report.skipped, report.failed, report.left, report.stopped) == (3, 1, [], 0, False)
    assert (report.bytes_read, report.bytes_written) == (30, 9)
    written = [(tmp_path / name).read_text().split() for name in "abc"]
    assert {(nan, stopped) for _, nan, stopped in written} == {("True", "False")}
    assert (os.getpid() in {int(pid) for pid, _, _ in written}) == (engine is SERIAL)


@BOTH
def test_a_failure_stops_nothing_else(tmp_path: Path, engine: Engine) -> None:
    told: list[Failure] = []
    report = simple(tmp_path, "a", "full", "damaged", "b", "memory", "fails", "c", engine=engine, failing=told.append)
    assert report.made == 3
    assert report.failed == sorted(told)
    assert {failure.path: failure.reason for failure in report.failed} == {
        "fails": "no such dataset: /A3",
        "full": "No space left on device",
        "memory": "out of memory",
        "damaged": "KeyError: 'unable to open object'",
    }
    assert [failure.path for failure in report.failed] == ["damaged", "fails", "full", "memory"]


@BOTH
def test_a_mistake_of_ours_is_not_hidden(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(AttributeError, match="a mistake of ours"):
        simple(tmp_path, "a", "mistake", engine=engine)


@BOTH
def test_each_worker_computes_in_one_thread(tmp_path: Path, engine: Engine) -> None:
    from threadpoolctl import threadpool_info

    before = [pool["num_threads"] for pool in threadpool_info()]
    assert run(tasks("a"), tmp_path, engine=engine, carry_out=count_threads).bytes_read == 1
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_progress_is_told_after_each_output(tmp_path: Path) -> None:
    seen = []
    simple(tmp_path, "a", "there", "fails", "b", progress=lambda report: seen.append((report.done, report.bytes_read)))
    assert seen == [(1, 10), (2, 10), (3, 10), (4, 20)]


class Counted:
    """Tasks that tell how many have been taken."""

    def __init__(self, number: int) -> None:
        self.number, self.taken = number, 0

    def __len__(self) -> int:
        return self.number

    def __iter__(self) -> Iterator[Task]:
        for number in range(self.number):
            self.taken += 1
            yield task(str(number))


@BOTH
def test_only_few_tasks_are_held_at_a_time(tmp_path: Path, engine: Engine) -> None:
    counted, ahead = Counted(30), []
    run(
        counted,
        tmp_path,
        engine=engine,
        carry_out=write_small,
        progress=lambda report: ahead.append(counted.taken - report.done),
    )
    assert counted.taken == 30
    assert max(ahead) < engine.executors * engine.ahead


# -- workers that are killed -------------------------------------------------------------------------------------------


def test_a_task_that_kills_its_worker_twice_has_failed_and_the_rest_goes_on(tmp_path: Path) -> None:
    report = simple(tmp_path, "a", "kills", "b", "kills_too", "c", "d", engine=PROCESS)
    assert report.made == 4
    assert [failure.path for failure in report.failed] == ["kills", "kills_too"]
    assert report.failed[0].reason == "its worker was killed 2 times; perhaps it needs more memory than there is"


def test_a_task_whose_worker_was_killed_once_is_tried_again(tmp_path: Path) -> None:
    report = simple(tmp_path, "a", "kills_once", "b", engine=PROCESS)
    assert (report.made, report.failed) == (3, [])


def test_a_worker_that_hears_signals_while_it_starts_goes_on(tmp_path: Path) -> None:
    with PROCESS.open(Stop()) as executor:
        future = executor.submit(os.getpid)
        (pid,) = executor._processes
        for number in SIGNALS:
            os.kill(pid, number)
        assert future.result(timeout=60) == pid


# -- engines -----------------------------------------------------------------------------------------------------------


def test_an_engine_is_chosen_by_name_or_by_what_there_is_to_do_it_with() -> None:
    assert set(ENGINES) == {"serial", "process"}
    cpus = len(os.sched_getaffinity(0))
    assert choose_engine("process", None).executors == cpus
    assert choose_engine(None, 1).name == "serial"
    assert (choose_engine(None, 3).name, choose_engine(None, 3).executors) == ("process", 3)
    assert choose_engine("process", 1).name == "process"


# -- stopping ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_a_note_and_what_it_did_before_is_restored(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stopping_on_signals() as stop:
        assert not stop.requested
        signal.raise_signal(number)
        signal.raise_signal(number)
        assert stop.requested
    assert signal.getsignal(number) is before


def test_what_is_asked_to_stop_before_it_begins_begins_nothing(tmp_path: Path) -> None:
    stop = Stop()
    stop.request()
    report = simple(tmp_path, "a", "b", stop=stop)
    assert (report.left, report.stopped, list(tmp_path.iterdir())) == (2, True, [])


def test_asked_to_stop_in_between_it_says_what_is_left(tmp_path: Path) -> None:
    stop = Stop()
    report = simple(tmp_path, "a", "b", "c", "d", stop=stop, progress=lambda now: now.done == 2 and stop.request())
    assert (report.made, report.left, report.stopped) == (2, 2, True)


def test_asked_to_stop_after_the_last_it_was_not_stopped(tmp_path: Path) -> None:
    stop = Stop()
    report = simple(tmp_path, "a", stop=stop, progress=lambda _: stop.request())
    assert (report.made, report.left, report.stopped) == (1, 0, False)


PATIENT = """
import json, stand_ins
from pathlib import Path
from reducer.running.engines import choose_engine
from reducer.running.run import run
from reducer.running.stopping import stopping_on_signals
engine, jobs, carry_out, root = sys.argv[1:]
with stopping_on_signals() as stop:
    tasks = [stand_ins.task(f"{number}.h5") for number in range(5)]
    report = run(tasks, Path(root), engine=choose_engine(engine, int(jobs)), stop=stop,
                 carry_out=getattr(stand_ins, carry_out))
print(json.dumps(report.as_json()))
"""


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start a process, in a group of its own, in which outputs wait to be stopped; returns once they have begun."""
    started: list[subprocess.Popen[str]] = []

    def start(engine: str, jobs: int, carry_out: str) -> "subprocess.Popen[str]":
        command = script(
            f"sys.path.insert(0, {str(HOUSE / 'tests' / 'support')!r})\n{PATIENT}", engine, jobs, carry_out, tmp_path
        )
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, text=True, start_new_session=True, **pipes))
        until(lambda: len(list(tmp_path.glob("*.begun"))) == jobs)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)


def is_free(path: Path) -> bool:
    """Whether nobody alive holds the lock of a file."""
    with path.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("engine", [("serial", 1), ("process", 2)])
def test_a_signal_lets_the_outputs_under_way_come_to_an_end_and_begins_no_other(
    patient: Callable[..., "subprocess.Popen[str]"], tmp_path: Path, engine: tuple[str, int], number: int
) -> None:
    name, jobs = engine
    process = patient(name, jobs, "wait_and_finish")
    os.killpg(process.pid, number)  # to workers too, as queues and terminals do
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    report = json.loads(out)
    assert (report["made"], report["left"], report["stopped"]) == (jobs, 5 - jobs, True)
    assert len(list(tmp_path.glob("*.begun"))) == jobs


def test_outputs_that_were_dropped_are_among_those_that_are_left(
    patient: Callable[..., "subprocess.Popen[str]"],
) -> None:
    process = patient("process", 2, "wait_and_drop")
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    report = json.loads(out)
    assert (report["made"], report["failed"], report["left"], report["stopped"]) == (0, [], 5, True)


def test_workers_end_with_a_parent_that_is_killed(
    patient: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    process = patient("process", 2, "wait_and_finish")
    held = [path.with_suffix(".h5") for path in tmp_path.glob("*.begun")]
    assert not any(map(is_free, held))
    process.kill()
    until(lambda: all(map(is_free, held)), seconds=20)
