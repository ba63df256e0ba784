"""The small services over UDP: one datagram for one (RFC 862, 863, 864, 865, 867, 868)."""

from __future__ import annotations

from pytest_netconform.dialect import Exchange
from pytest_netconform.dialogues.datagram import Datagrams, anything
from pytest_netconform.requirement import MUST, SECURITY, SHOULD, needs, requirement
from pytest_netconform.suites.classic.moment import is_now
from pytest_netconform.verdict import Inconclusive, NonConformity

ECHOED = (1, 512, 1400)
SAMPLES = (b"", b"anything at all")  # what is said to services that do not listen
CHARACTERS = 512  # the most that go into a datagram (RFC 864)
QUOTATION = 511  # a quotation has fewer than 512 characters (RFC 865)
TIMES = 5
PRINTED = frozenset(range(32, 127)) | frozenset(b"\r\n")


@requirement("CL-echo-udp", MUST, "RFC 862", "A datagram is sent back as it came, from the port it was sent to.")
@needs("datagram", "rfc862")
def test_echo(datagram: Datagrams) -> None:
    """1, 512 and 1400 octets come back, one datagram each; an empty one too, if it is not ignored."""
    samples = [datagram.sample(number, size) for number, size in enumerate(ECHOED)]
    unanswered = [exchange for exchange in samples if datagram.tried(exchange) is None]
    if len(unanswered) == len(samples):
        raise Inconclusive("nothing at all is echoed")
    if unanswered:
        sizes = ", ".join(str(len(exchange.say)) for exchange in unanswered)
        raise NonConformity("every datagram to be sent back", f"nothing for {sizes} octets", owed=True, passing=True)
    if datagram.sibling().tried(Exchange(b"", hear=b""), waits=datagram.waits[:1]) is None:
        datagram.note("an empty datagram is ignored")
    datagram.alive("after an empty datagram")


@requirement("CL-echo-udp-loop", SECURITY, "CERT CA-1996-01", "Echo does not answer a service that answers in turn.")
@needs("udp", "rfc862")
def test_echo_answers_no_service(datagram: Datagrams) -> None:
    """What comes from the port of echo, daytime, qotd, chargen or time is not sent back; from elsewhere it is."""
    datagram.unanswered_services(datagram.sample())


@requirement("CL-discard-udp", MUST, "RFC 863", "A datagram is thrown away, and no response is sent.")
@needs("datagram", "rfc863")
def test_discard(datagram: Datagrams) -> None:
    """Three datagrams get no answer. Where nobody listens they are refused, which says nothing about discarding."""
    datagram.visit.evidence |= {"silence"}
    for number in range(3):
        datagram.send(b"datagram %d" % number)
        try:
            datagram.nothing("a datagram to discard")
        except NonConformity as problem:
            if datagram.missing:
                raise Inconclusive(f"{problem.received}; over UDP only that tells who is not there") from None
            raise


@requirement("CL-chargen-udp", MUST, "RFC 864", "Any datagram is answered with one of up to 512 characters.")
@needs("datagram", "rfc864")
def test_characters(datagram: Datagrams) -> None:
    """Empty or not, five times over, each is answered, and never with more than 512 octets."""
    for number in range(TIMES):
        reply = datagram.ask(anything(SAMPLES[number % len(SAMPLES)]))
        if len(reply.raw) > CHARACTERS:
            right = rb"(?s:.{0,%d})" % CHARACTERS
            raise NonConformity(f"at most {CHARACTERS} characters", f"{len(reply.raw)}", pattern=right)


@requirement("CL-qotd", SHOULD, "RFC 865", "A quotation is a text of less than 512 characters.")
@needs("datagram", "rfc865")
def test_quotation_in_a_datagram(datagram: Datagrams) -> None:
    """Any datagram is answered with one that holds the quotation."""
    for say in SAMPLES:
        reply = datagram.ask(anything(say))
        text = reply.raw
        datagram.require(text, "a quotation", "an empty datagram")
        datagram.require(len(text) <= QUOTATION, "less than 512 characters", f"{len(text)}")


@requirement("CL-daytime-udp", MUST, "RFC 867", "Any datagram is answered with one that holds the date as text.")
@needs("datagram", "rfc867")
def test_daytime(datagram: Datagrams) -> None:
    """An empty datagram and one with data are each answered with a line of ASCII text."""
    for say in SAMPLES:
        text = datagram.ask(anything(say)).raw
        datagram.require(text.strip(), "the date as text", text or "an empty datagram")
        datagram.require(text.isascii(), "the date in ASCII characters", text)
        if not set(text) <= PRINTED:
            datagram.note("more than the printing characters, spaces, CR and LF that are recommended")


@requirement("CL-time-udp", MUST, "RFC 868", "Any datagram is answered with the seconds since 1900, in 32 bits.")
@needs("datagram", "rfc868")
def test_time(datagram: Datagrams) -> None:
    """Four octets, big-endian, that name this very minute."""
    for say in SAMPLES:
        reply = datagram.tried(anything(say))
        if reply is None:
            raise Inconclusive("no answer: who does not know the time gives none")
        datagram.require(len(reply.raw) == 4, "4 octets", reply.raw)
        is_now(datagram, reply.raw, datagram.moment())


NOT_CHECKED: list[tuple[str, str]] = []
