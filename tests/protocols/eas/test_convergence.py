"""Phones played at random against calendars that others change: in the end every copy is the server's."""

from __future__ import annotations

import pytest

from tests.protocols.eas.play import Play


@pytest.mark.parametrize("seed", range(12))
def test_every_phone_ends_with_the_servers_copy(school, clock, seed, long_run):
    play = Play(school, clock, seed)
    for step in range(400 if long_run else 40):
        if play.random.random() < 0.5:
            play.server_step()
        else:
            play.phone_step()
        if step % 100 == 99:
            play.finish()
    play.finish()
