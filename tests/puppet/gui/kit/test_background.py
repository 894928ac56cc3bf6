"""Work in threads, whose results are told in the window's thread."""

from __future__ import annotations

import threading

from planted_window import ROOM

from puppet.gui.kit.background import Background


def test_what_work_gave_is_told_in_the_windows_thread(qtbot):
    background, told = Background(), []
    background.run(
        "a", lambda: threading.current_thread(), lambda thread: told.append((thread, threading.current_thread()))
    )
    qtbot.waitUntil(lambda: bool(told), timeout=ROOM)
    worked, heard = told[0]
    assert worked is not threading.main_thread()
    assert heard is threading.main_thread()


def test_only_the_newest_of_a_key_is_told_and_failures_are(qtbot):
    background, told, gate = Background(), [], threading.Event()
    background.run("a", lambda: gate.wait(10), lambda _: told.append("old"))
    background.run("a", lambda: None, lambda _: told.append("new"))
    background.run("b", lambda: 1 / 0, told.append, lambda problem: told.append(type(problem.__cause__).__name__))
    qtbot.waitUntil(lambda: len(told) == 2, timeout=ROOM)
    gate.set()
    background.run("c", lambda: None, lambda _: told.append("last"))
    qtbot.waitUntil(lambda: "last" in told, timeout=ROOM)
    assert sorted(told) == ["ZeroDivisionError", "last", "new"]


def test_what_is_awaited_is_finished_and_nothing_is_told_afterwards(qtbot):
    background, done, told = Background(), [], []
    background.run("a", lambda: (threading.Event().wait(0.1), done.append(1)), lambda _: told.append(1), awaited=True)
    background.finish(10)
    assert done == [1]
    background.run("b", lambda: done.append(2), lambda _: told.append(2), awaited=True)
    background.wait(10)
    qtbot.wait(20)
    assert told == []
