import threading

from puppet.core.slot import LatestSlot


def test_newest_wins_and_what_it_replaced_is_counted():
    slot: LatestSlot[int] = LatestSlot()
    for value in (1, 2, 3):
        slot.put(value)
    assert slot.take() == 3
    assert slot.dropped == 2
    assert slot.poll() is None
    slot.put(4)
    assert slot.poll() == 4
    assert slot.dropped == 2


def test_take_waits_for_a_value_of_another_thread():
    slot: LatestSlot[str] = LatestSlot()
    threading.Timer(0.05, slot.put, ["late"]).start()
    assert slot.take(timeout=10) == "late"


def test_take_gives_up_after_its_timeout():
    assert LatestSlot[int]().take(timeout=0.01) is None


def test_close_wakes_every_taker_and_is_idempotent():
    slot: LatestSlot[int] = LatestSlot()
    taken: list[int | None] = []
    takers = [threading.Thread(target=lambda: taken.append(slot.take())) for _ in range(3)]
    for taker in takers:
        taker.start()
    slot.close()
    slot.close()
    for taker in takers:
        taker.join(10)
    assert taken == [None, None, None]
    assert slot.closed


def test_a_closed_slot_takes_and_gives_nothing():
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.close()
    slot.put(2)
    assert slot.take(timeout=0) is None
    assert slot.poll() is None
    assert slot.dropped == 0


def test_a_slow_taker_never_sees_an_older_value():
    slot: LatestSlot[int] = LatestSlot()
    seen: list[int] = []

    def take_all() -> None:
        while (value := slot.take()) is not None:
            seen.append(value)

    taker = threading.Thread(target=take_all)
    taker.start()
    for value in range(1, 2001):
        slot.put(value)
    for _ in iter(lambda: bool(seen) and seen[-1] == 2000, True):  # until the last one has arrived
        taker.join(0.001)
    slot.close()
    taker.join(10)
    assert seen == sorted(set(seen))
    assert len(seen) + slot.dropped == 2000
