"""The prompts that follow each other while somebody is filmed."""

from __future__ import annotations

from puppet.new_actor import prompts


def test_cues_follow_each_other_and_end():
    assert prompts.cue_at(0.0) == prompts.Cue(prompts.PROMPTS[0].text, 1, len(prompts.PROMPTS), 5, 0.0)
    second = prompts.cue_at(prompts.PROMPTS[0].seconds + 1)
    assert second is not None
    assert (second.number, second.seconds_left) == (2, prompts.PROMPTS[1].seconds - 1)
    assert prompts.cue_at(prompts.TOTAL) is None
