"""Faults as values: what they say, which go together, and what each does to octets, by the clock that it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netconform.courses import PIECES, Course, DatagramCourse, End, Piece
from pytest_netconform.faults import (
    FAULTS,
    GROUPS,
    HARMLESS,
    WEATHERS,
    Bandwidth,
    Blackholed,
    CloseAfter,
    Coalesced,
    Corrupted,
    Duplicated,
    Fault,
    HalfClosed,
    Latency,
    Lost,
    Refused,
    Reordered,
    ResetAfter,
    Scattered,
    Segmented,
    SmallWindow,
    Stalled,
    Truncated,
    Unresolved,
    Way,
    Weather,
    WeatherError,
    names,
    weather,
)


def down(*faults: Fault, seed: int = 0, number: int = 1) -> Course:
    return Course(Weather(faults, seed), Way.DOWN, number)


def what(pieces: list[Piece]) -> list[bytes | End]:
    return [piece.what for piece in pieces]


# -- values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Segmented(1), "Segmented(1)"),
        (Segmented(2, apart=0.5), "Segmented(2, apart=0.5)"),
        (Latency(0.05, jitter=0.02), "Latency(0.05, jitter=0.02)"),
        (Stalled(40), "Stalled(40)"),
        (Stalled(0, to=Way.UP), "Stalled(0, to=Way.UP)"),
        (ResetAfter(40, connections=1), "ResetAfter(40, connections=1)"),
        (Refused(), "Refused()"),
        (Segmented(1) & Latency(0.05), "Segmented(1) & Latency(0.05)"),
        (Weather((Scattered(),), seed=7), "Scattered(20) (seed 7)"),
        (Weather(), "fair weather"),
    ],
)
def test_a_fault_reads_as_it_is_written(value: object, text: str) -> None:
    """What is not as usual is shown, and the first number always."""
    assert repr(value) == text


def test_faults_compose() -> None:
    """By `&`, as a tuple, and with weathers; equal faults are equal weathers."""
    made = Segmented(1) & Latency(0.05) & SmallWindow()
    assert made.faults == (Segmented(1), Latency(0.05), SmallWindow())
    assert weather((Segmented(1), Latency(0.05), SmallWindow())) == made == weather(made)
    assert weather("segmented") & Latency(0.05) == Segmented(1) & Latency(0.05)
    assert {Segmented(1): 1}[Segmented()] == 1


@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        ((Segmented(), Coalesced()), "Segmented(1) contradicts Coalesced(0.05): each cuts the stream"),
        ((CloseAfter(1), ResetAfter(2)), "CloseAfter(1) contradicts ResetAfter(2): each ends the stream"),
        ((Latency(0.1), Latency(0.2)), "Latency(0.1) contradicts Latency(0.2): each delays"),
        (
            (Latency(0.1), Refused()),
            "Refused() contradicts Latency(0.1): where nobody gets through, nothing else can go wrong",
        ),
        (
            (Refused(), Blackholed()),
            "Refused() contradicts Blackholed(): where nobody gets through, nothing else can go wrong",
        ),
        (
            (Unresolved(), SmallWindow()),
            "Unresolved(False) contradicts SmallWindow(2048): where nobody gets through, nothing else can go wrong",
        ),
        ((Segmented(), Lost()), "Segmented(1) contradicts Lost(0.3): one is of streams, the other of datagrams"),
        ((Duplicated(), SmallWindow()), "SmallWindow(2048) contradicts Duplicated(1.0): one is of streams, the other"),
    ],
)
def test_contradictions_are_refused(faults: tuple[Fault, ...], problem: str) -> None:
    """In one line that names both."""
    with pytest.raises(WeatherError) as raised:
        weather(faults)
    assert str(raised.value).startswith(problem) and "\n" not in str(raised.value)


def test_what_goes_together() -> None:
    """Faults of both directions, and what takes hold of different things."""
    assert weather((Latency(0.1), Latency(0.2, to=Way.UP), Segmented(), SmallWindow(), CloseAfter(3))).streams
    assert weather((Latency(0.1), Lost(), Reordered(), Duplicated(), Corrupted(2))).datagrams
    assert not weather("lossy").streams and not weather("segmented").datagrams


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Segmented(0), "Segmented: size is 0; a number from 1 on is asked for"),
        (lambda: Latency(-1), "Latency: seconds is -1; a number from 0 on is asked for"),
        (lambda: Latency(float("nan")), "Latency: seconds is nan; a number from 0 on is asked for"),
        (lambda: Truncated(1.0), "Truncated: share is 1.0; less than 1 is asked for"),
        (lambda: ResetAfter(1, connections=0), "ResetAfter: connections is 0; a number from 1 on is asked for"),
        (lambda: weather("segmentd"), "no weather is called 'segmentd'; did you mean 'segmented'? known are fair, seg"),
        (lambda: names(["storm"]), "no weather is called 'storm'; known are fair, segmented, scattered"),
        (lambda: weather((Segmented(), "slow")), "'slow' is no fault; known are Bandwidth, Blackholed, CloseAfter"),
    ],
)
def test_what_cannot_be_is_refused(make: object, problem: str) -> None:
    """In one line that says what was got and what is known."""
    assert callable(make)
    with pytest.raises(WeatherError) as raised:
        make()
    assert str(raised.value).startswith(problem) and "\n" not in str(raised.value)


def test_every_fault_is_in_a_weather() -> None:
    """The table of names leaves no fault out, and the groups leave no name out."""
    used = {type(fault).__name__ for faults in WEATHERS.values() for fault in faults}
    assert used == set(FAULTS)
    assert names(["all"]) == tuple(WEATHERS) == (*names(["harmless"]), *names(["harmful", "silent"]))
    assert names(["slow", "harmless"]) == ("slow", *(name for name in HARMLESS if name != "slow"))
    assert not set(GROUPS) & set(WEATHERS)
    for name in WEATHERS:
        assert weather(name).name == name


# -- streams


def test_octet_by_octet() -> None:
    """Each octet arrives by itself, each later than the one before it."""
    pieces = down(Segmented(1, apart=0.1)).feed(b"abc", 5.0)
    assert what(pieces) == [b"a", b"b", b"c"]
    assert [piece.at for piece in pieces] == pytest.approx([5.0, 5.1, 5.2])


def test_a_long_answer_is_kept_apart_at_both_its_ends() -> None:
    """A megabyte octet by octet would take an hour."""
    data = bytes(range(256)) * 4000
    pieces = what(down(Segmented(1)).feed(data, 0.0))
    assert b"".join(p for p in pieces if isinstance(p, bytes)) == data
    assert {len(p) for p in pieces[: PIECES // 2] + pieces[-PIECES // 2 :]} == {1}
    assert len(pieces) < 2000


@given(st.lists(st.binary(max_size=700), max_size=6), st.integers(0, 99))
def test_harmless_weathers_lose_nothing(sent: list[bytes], seed: int) -> None:
    """Whatever they do, the octets arrive, all and in order, and the end behind them; the same seed does the same."""
    for name in HARMLESS:
        made = weather(name, seed)
        if not made.streams:
            continue
        histories = []
        for _ in range(2):
            course, pieces = Course(made, Way.DOWN), []
            for moment, data in enumerate(sent):
                pieces += course.feed(data, moment / 100)
            pieces += course.finish(len(sent) / 100)
            histories.append(pieces)
        assert histories[0] == histories[1]
        assert b"".join(p.what for p in pieces if isinstance(p.what, bytes)) == b"".join(sent)
        assert pieces[-1].what is End.CLOSE
        assert [p.at for p in pieces] == sorted(p.at for p in pieces)


def test_seeds_differ() -> None:
    """Another seed is another weather of the same kind, and so is another connection."""
    first = what(down(Scattered(), seed=1).feed(bytes(200), 0.0))
    assert first != what(down(Scattered(), seed=2).feed(bytes(200), 0.0))
    assert first != what(down(Scattered(), seed=1, number=2).feed(bytes(200), 0.0))


def test_what_is_sent_together_arrives_together() -> None:
    """Within the time, counted from the first of a bunch."""
    course = down(Coalesced(1.0))
    times = [course.feed(b"x", now)[0].at for now in (0.0, 0.5, 1.0, 1.5)]
    assert times == [1.0, 1.0, 1.0, 2.5] and course.joins


def test_latency_keeps_the_order() -> None:
    """Jitter or not, a stream is a stream."""
    course = down(Latency(1.0, jitter=5.0))
    times = [course.feed(b"x", now / 10)[0].at for now in range(50)]
    assert times == sorted(times) and times[0] >= 1.0


def test_the_rate_is_kept() -> None:
    """So many octets a second, in portions, also over several sends."""
    course = down(Bandwidth(1000))
    pieces = course.feed(bytes(500), 0.0) + course.feed(bytes(500), 0.1)
    assert pieces[-1].at == pytest.approx(1.0) and len(pieces) == 50


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (CloseAfter(4), [b"ab", b"cd", End.CLOSE]),
        (CloseAfter(2), [b"ab", End.CLOSE]),
        (CloseAfter(0), [End.CLOSE]),
        (ResetAfter(3), [b"ab", b"c", End.RESET]),
        (HalfClosed(3), [b"ab", b"c", End.HALF]),
        (Stalled(3), [b"ab", b"c"]),
        (Stalled(0), []),
        (Truncated(0.5, longer=4), [b"ab", b"cd", End.CLOSE]),
        (Corrupted(2, mask=0x20), [b"ab", b"Cdef", b"gh", End.CLOSE]),
    ],
)
def test_streams_end_where_they_are_told_to(fault: Fault, expected: list[bytes | End]) -> None:
    """To the octet, and nothing passes behind the end."""
    course = down(fault)
    pieces = course.begin(0.0) + course.feed(b"ab", 0.0) + course.feed(b"cdef", 0.0) + course.feed(b"gh", 0.0)
    pieces += course.finish(0.0)
    assert what(pieces) == expected
    assert course.struck == fault


def test_an_end_may_be_for_the_first_connections_only() -> None:
    """Whoever comes again is served."""
    fault = ResetAfter(1, connections=2)
    ends = [what(down(fault, number=number).feed(b"ab", 0.0)) for number in (1, 2, 3)]
    assert ends == [[b"a", End.RESET], [b"a", End.RESET], [b"ab"]]


def test_a_fault_has_its_direction() -> None:
    """The other one is as if nothing were."""
    made = Weather((Segmented(to=Way.UP),))
    assert Course(made, Way.DOWN).plain and not Course(made, Way.UP).plain


# -- datagrams


def datagrams(*faults: Fault, count: int = 20, seed: int = 0) -> list[tuple[float, bytes]]:
    course = DatagramCourse(Weather(faults, seed), Way.DOWN)
    return [each for place in range(count) for each in course.feed(bytes([place]) * 100, float(place))]


def test_datagrams_get_lost() -> None:
    """By chance, the first ones, all behind some; the same with the same seed."""
    assert 0 < len(datagrams(Lost(0.5))) < 20
    assert datagrams(Lost(0.5)) == datagrams(Lost(0.5)) != datagrams(Lost(0.5), seed=1)
    assert [data[0] for _, data in datagrams(Lost(0.0, first=2), count=4)] == [2, 3]
    assert [data[0] for _, data in datagrams(Stalled(2), count=4)] == [0, 1]


def test_datagrams_are_doubled_and_come_late() -> None:
    """A copy is a copy, and what is late arrives behind what was sent after it."""
    assert datagrams(Duplicated(), count=2) == [(0.0, bytes(100))] * 2 + [(1.0, b"\x01" * 100)] * 2
    late = [data[0] for _, data in sorted(datagrams(Reordered(0.5, late=1.5)))]
    assert sorted(late) == list(range(20)) != late


def test_datagrams_are_cut_and_changed() -> None:
    """Each of them."""
    assert [len(data) for _, data in datagrams(Truncated(0.25))] == [25] * 20
    assert [data[3] for _, data in datagrams(Corrupted(3, mask=0xFF), count=2)] == [0xFF, 0xFE]
