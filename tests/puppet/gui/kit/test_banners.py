"""Messages above the pictures."""

from __future__ import annotations


def test_only_so_many_banners_stand(gui):
    for n in range(5):
        gui.window.banners.say(str(n), f"message {n}")
    assert gui.banners == ["message 2", "message 3", "message 4"]
    gui.window.banners.say("4", "message 4 again")
    assert gui.banners == ["message 2", "message 3", "message 4 again"]
