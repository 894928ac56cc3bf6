"""The status line, and a banner for every problem."""

from __future__ import annotations

import threading

from puppet.core.errors import SourceError
from puppet.gui.kit import theme
from puppet.gui.kit.widgets import RangeMeter


def test_the_range_meter_follows_the_pictures_and_says_more_than_colour(gui):
    meter = gui.window.status_line.range
    gui.until(lambda: gui.puppeteers)
    assert meter.value is None
    gui.puppeteers[0].strange = 0.5
    gui.until(lambda: meter.value is not None)
    assert meter.accessibleDescription() == "within"
    beyond = theme.colours_for(meter.palette()).beyond_range
    assert beyond not in beyond_the_mark(meter)
    gui.puppeteers[0].strange = 2.5
    gui.until(lambda: meter.value > 2)
    assert meter.accessibleDescription() == "beyond"
    assert beyond in beyond_the_mark(meter)
    assert len(beyond_the_mark(meter)) >= 2  # hatched
    assert "press C" in meter.toolTip()
    gui.puppeteers[0].strange = None
    gui.until(lambda: meter.value is None)


def beyond_the_mark(meter: RangeMeter) -> set[str]:
    """Colours of the second third of the bar."""
    grabbed, third = meter.grab().toImage(), meter.WIDTH // 3
    return {grabbed.pixelColor(6 + x, meter.height() // 2).name() for x in range(third + 3, 2 * third - 3)}


def test_a_provider_that_is_not_used_is_told_in_words(make_gui):
    gui = make_gui()
    gui.actor_notice = "CUDA is not used: libcudnn.so.9 is missing"
    gui.start()
    line = gui.window.status_line
    gui.until(lambda: line.provider.text() == "CPU")
    assert line.provider.property("alert") is True
    assert line.provider.toolTip() == gui.actor_notice
    assert any(gui.actor_notice in text for text in gui.banners)


def test_an_error_is_a_banner_that_can_be_dismissed_and_goes_when_all_is_well(make_gui):
    away = threading.Event()
    away.set()

    def sources(spec):
        error = SourceError(f"{spec} is used by another program", "busy") if away.is_set() else None
        source = gui.camera(spec)
        source.open_error = error
        return source

    gui = make_gui(sources=sources)
    gui.controller.start("Front", None)
    gui.window.show()
    gui.until(lambda: gui.banners == ["Front is used by another program"])
    assert gui.window.isEnabled()
    gui.until(lambda: gui.window.status_line.state.text() == "Waiting for Front to come back…")
    gui.click(gui.window.banners.banners[0].close_button)
    assert gui.banners == []
    tries = len(gui.opened)
    gui.until(lambda: len(gui.opened) > tries + 3)
    gui.controller._show_status()
    assert gui.banners == []  # dismissed is dismissed
    away.clear()
    gui.until(lambda: gui.window.driver_pane.image is not None)
    gui.until(lambda: gui.window.status_line.state.text() == "Live: Front")
    away.set()
    gui.choose(gui.window.source.box, "Back")
    gui.until(lambda: gui.banners == ["Back is used by another program"])
    away.clear()
    gui.until(lambda: gui.banners == [])  # came back by itself, so the message went


def test_the_status_line(gui):
    line = gui.window.status_line
    gui.until(lambda: line.fps.text().endswith(" fps") and line.fps.text() != "0 fps")
    gui.until(lambda: line.latency.text() not in ("", "– ms"))
    assert line.dropped.text() == f"{gui.controller.context.status.dropped} dropped"
    assert line.provider.text() == "CPU"
    gui.until(lambda: "decode: 2.0 ms" in line.latency.toolTip())
    gui.window.show_page("library")
    gui.until(lambda: line.latency.text() == "– ms")  # nothing is painted there
    gui.window.show_page("live")
    gui.until(lambda: line.latency.text() != "– ms")
