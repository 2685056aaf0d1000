"""`watch`: a command runs at the start and whenever it has something new to read."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_intercom.webhooks import watch as watch_module
from tap_intercom.webhooks.notifications import Notification
from tap_intercom.webhooks.position import Position
from tap_intercom.webhooks.stop_request import StopRequest
from tap_intercom.webhooks.store import NotificationStore, StoreError
from tap_intercom.webhooks.watch import Watch, run_command
from tap_intercom.webhooks.watch_lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable


STDERR = 2
"""A file descriptor that is open, in the place of a lock."""


class Rehearsal:
    """A watch whose waits take no time; each wait may have something happen."""

    def __init__(
        self, store: NotificationStore, exit_codes: list[int], idle_waits: int = 5
    ) -> None:
        self.store = store
        self.runs = list[list[str]]()
        self.waits = list[float]()
        self.during_run: dict[int, Callable[[], None]] = {}
        self.while_idle: dict[int, Callable[[], None]] = {}
        self._exit_codes = exit_codes
        self._idle_waits = idle_waits
        self._stopping = StopRequest()

    def run(self, debounce: float = 5.0) -> None:
        stopping = self._stopping
        stopping.wait = self._wait  # type: ignore[method-assign]
        Watch(self.store, self._run_command, debounce, stopping).run()

    def _run_command(self) -> int:
        self.runs.append([item.id for item in self.store.read(Position())])
        self.during_run.pop(len(self.runs), lambda: None)()
        return self._exit_codes.pop(0) if self._exit_codes else 0

    def _wait(self, seconds: float) -> None:
        if seconds != watch_module.POLL_SECONDS:
            self.waits.append(seconds)
            return
        self._idle_waits -= 1
        self.while_idle.pop(self._idle_waits, lambda: None)()
        if self._idle_waits == 0:
            self._stopping.set()


def add(store: NotificationStore, *ids: str) -> None:
    store.append([Notification(name, "ping", "abc123", None, "{}") for name in ids])


def test_command_runs_once_without_notifications(store: NotificationStore) -> None:
    rehearsal = Rehearsal(store, [])

    rehearsal.run()

    assert rehearsal.runs == [[]]


def test_what_was_there_at_the_start_runs_it_once(store: NotificationStore) -> None:
    add(store, "n1")
    rehearsal = Rehearsal(store, [])

    rehearsal.run()

    assert rehearsal.runs == [["n1"]]


def test_notification_runs_it_after_the_debounce(store: NotificationStore) -> None:
    rehearsal = Rehearsal(store, [])
    rehearsal.while_idle[4] = lambda: add(store, "n1", "n2")

    rehearsal.run(debounce=7)

    assert rehearsal.runs == [[], ["n1", "n2"]]
    assert rehearsal.waits == [7]


def test_commit_during_a_run_brings_another(store: NotificationStore) -> None:
    rehearsal = Rehearsal(store, [])
    rehearsal.during_run[1] = lambda: add(store, "n1")

    rehearsal.run()

    assert rehearsal.runs == [[], ["n1"]]


def test_failed_command_is_tried_again_later(store: NotificationStore) -> None:
    rehearsal = Rehearsal(store, [1, 2, 0])

    rehearsal.run()

    assert len(rehearsal.runs) == 3
    assert sum(rehearsal.waits) == 5 + 10


def test_news_end_the_wait_after_failures(store: NotificationStore) -> None:
    """What fails may be one record, whose notification all others would wait for."""
    rehearsal = Rehearsal(store, [1] * 6, idle_waits=9)
    rehearsal.during_run[6] = lambda: add(store, "n1")

    rehearsal.run()

    assert rehearsal.runs[-1] == ["n1"]
    assert sum(rehearsal.waits) == 5 + 10 + 20 + 40 + 80 + 5


def test_watch_counts_from_recent_notifications(
    store: NotificationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store may hold millions."""
    monkeypatch.setattr(watch_module, "RECENT_SEQUENCES", 3)
    counts = list[int]()
    unread = NotificationStore.unread

    def counted(store: NotificationStore, position: Position) -> list[int]:
        sequences = unread(store, position)
        counts.append(len(sequences))
        return sequences

    monkeypatch.setattr(NotificationStore, "unread", counted)
    add(store, *"abcdefg")
    rehearsal = Rehearsal(store, [])

    rehearsal.run()

    assert max(counts) == 3
    assert len(rehearsal.runs) == 1


def test_wait_after_failures_is_bounded(store: NotificationStore) -> None:
    rehearsal = Rehearsal(store, [1] * 12, idle_waits=20)

    rehearsal.run()

    assert sum(rehearsal.waits) == 5 + 10 + 20 + 40 + 80 + 160 + 6 * watch_module.MAX_DELAY_SECONDS


def test_late_commit_brings_another_run(
    store: NotificationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, "n1", "n2")
    sequences = iter([[1, 3], [], [2], [], [], []])
    monkeypatch.setattr(NotificationStore, "unread", lambda *_: next(sequences))
    rehearsal = Rehearsal(store, [], idle_waits=3)

    rehearsal.run()

    assert len(rehearsal.runs) == 2


def test_database_that_fails_is_looked_at_again(
    store: NotificationStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unread = NotificationStore.unread
    failures = iter([False, True, True])

    def sometimes(store: NotificationStore, position: Position) -> list[int]:
        if next(failures, False):
            raise StoreError("can't read the database")
        return unread(store, position)

    monkeypatch.setattr(NotificationStore, "unread", sometimes)
    rehearsal = Rehearsal(store, [])
    rehearsal.while_idle[2] = lambda: add(store, "n1")

    rehearsal.run()

    assert rehearsal.runs == [[], ["n1"]]
    assert len([one for one in caplog.messages if "can't read" in one]) == 1


def replace(database: str, *ids: str) -> None:
    """Delete the file of a store, and make a new one with some notifications."""
    file = Path(database.removeprefix("sqlite:///"))
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    with closing(NotificationStore(database)) as new:
        new.open()
        add(new, *ids)


def test_new_store_in_the_same_place_runs_it(store: NotificationStore, database: str) -> None:
    """It has fewer sequences than were read."""
    add(store, "n1", "n2", "n3")
    rehearsal = Rehearsal(store, [])
    rehearsal.while_idle[4] = lambda: replace(database, "n4")

    rehearsal.run()

    assert rehearsal.runs == [["n1", "n2", "n3"], ["n4"]]


def test_empty_new_store_is_logged_once(
    store: NotificationStore, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    add(store, "n1")
    rehearsal = Rehearsal(store, [], idle_waits=9)
    rehearsal.while_idle[8] = lambda: replace(database)

    rehearsal.run()

    assert rehearsal.runs == [["n1"]]
    assert len([one for one in caplog.records if str(store) in one.getMessage()]) == 1


def test_signal_ends_a_wait() -> None:
    stopping = StopRequest()
    before = signal.signal(signal.SIGALRM, lambda *_: stopping.set())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        stopping.wait(600)
    finally:
        signal.signal(signal.SIGALRM, before)

    assert stopping.is_set()


def test_lock_that_cannot_be_opened_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/there/is/no/such/folder")

    with pytest.raises(StoreError, match="can't open the lock /there/"), locked("7", StopRequest()):
        pass


def test_command_has_a_session_of_its_own(tmp_path: Path) -> None:
    """Ctrl-C in a terminal reaches all processes of its session."""
    file = tmp_path / "session"
    script = f"import os, pathlib; pathlib.Path({str(file)!r}).write_text(str(os.getsid(0)))"

    assert run_command([sys.executable, "-c", script], STDERR) == 0

    assert int(file.read_text()) != os.getsid(0)


def test_command_that_cannot_start_has_failed(tmp_path: Path) -> None:
    assert run_command([str(tmp_path / "away")], STDERR) == 127
