"""A reader's position: nothing is read twice, and what commits late is still read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tap_intercom.webhooks.position import MAX_GAPS, Position


def unread(position: Position, stored: set[int]) -> set[int]:
    gaps = {number for first, last in position.gaps for number in range(first, last + 1)}
    return {number for number in stored if number > position.sequence or number in gaps}


def test_skipped_sequence_stays_unread() -> None:
    position = Position().after([1, 3])

    assert position == Position(3, ((2, 2),))
    assert unread(position, {1, 2, 3, 4}) == {2, 4}


def test_late_sequence_closes_its_gap() -> None:
    position = Position().after([1, 5]).after([3])

    assert position == Position(5, ((2, 2), (4, 4)))


def test_oldest_gaps_are_given_up() -> None:
    position = Position().after(range(2, 4 * MAX_GAPS, 2))

    assert len(position.gaps) == MAX_GAPS
    assert position.gaps[-1] == (position.sequence - 1, position.sequence - 1)


@given(st.lists(st.sets(st.integers(1, 60)), max_size=8))
def test_each_sequence_is_read_once(commits: list[set[int]]) -> None:
    position, stored, read = Position(), set[int](), list[int]()

    for committed in commits:
        stored |= committed
        found = unread(position, stored)
        read += found
        position = Position.from_state(position.after(found).as_state())

    assert sorted(read) == sorted(stored)
