"""Null servers: they answer without understanding, and no check may be content with them.

This module knows the ways in which a server can be present and mean nothing. It must not know a protocol: what a null
greets with and what it answers are octets that it is given, so that it can look like a server of any kind.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_netconform.reference_servers.session import Address, Close, DatagramSession, Reset, Session, WakeAt

UNASKED = 50  # answers that the unasked talker sends in all
UNASKED_EVERY = 0.01  # seconds between two of them
PAGE_BODY = b"<!DOCTYPE html>\n<html><head><title>It works!</title></head><body><h1>It works!</h1></body></html>\n"
PAGE = (
    b"HTTP/1.1 200 OK\r\nServer: null\r\nContent-Type: text/html\r\n"
    + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(PAGE_BODY)
    + PAGE_BODY
)


class Null(Session):
    """Greets if it was given a greeting, and then says nothing: the silent one, and the root of the others."""

    def __init__(self, greeting: bytes = b"", answer: bytes = b"") -> None:
        super().__init__()
        self.greeting, self.answer = greeting, answer

    def on_open(self) -> None:
        if self.greeting:
            self.send(self.greeting)


class Closing(Null):
    """Closes as soon as it has greeted."""

    def on_open(self) -> None:
        super().on_open()
        self.act(Close())


class Resetting(Null):
    """Breaks the connection as soon as it stands; the greeting may be lost."""

    def on_open(self) -> None:
        super().on_open()
        self.act(Reset())


class Echoing(Null):
    """Gives back what it got."""

    def on_data(self, data: bytes) -> None:
        self.send(data)


class AnsweringReads(Null):
    """Gives the same answer to whatever arrives at a time."""

    def on_data(self, data: bytes) -> None:
        self.send(self.answer)


class AnsweringLines(Null):
    """Gives the same answer to every line."""

    def on_data(self, data: bytes) -> None:
        lines = data.count(b"\n")
        if lines:
            self.send(self.answer * lines)


class AnsweringFirstWords(Null):
    """Gives back the first word of every line with its answer behind, as if it had read a tag."""

    def on_open(self) -> None:
        super().on_open()
        self._rest = b""

    def on_data(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-1000:]
        self.send(b"".join(line.partition(b" ")[0][:100] + b" " + self.answer for line in lines))


class AnsweringHeads(Null):
    """Gives the same answer to every empty line, which is all that it knows of HTTP."""

    def on_data(self, data: bytes) -> None:
        self._heard = getattr(self, "_heard", b"") + data
        *heads, self._heard = self._heard.split(b"\r\n\r\n")
        for _ in heads:
            self.say()

    def say(self) -> None:
        """One answer."""
        self.send(self.answer)


class AnsweringAHead(AnsweringHeads):
    """Likewise, and closes behind its answer."""

    def say(self) -> None:
        super().say()
        self.act(Close())


class Talking(Null):
    """Sends its answer again and again without having been asked, and hears nothing."""

    def on_open(self) -> None:
        super().on_open()
        self._left = UNASKED
        self.on_wake()

    def on_wake(self) -> None:
        self.send(self.answer)
        self._left -= 1
        if self._left:
            self.act(WakeAt(self.now + UNASKED_EVERY))


class EchoingButTheLast(Null):
    """Gives back what it got, but for the last octet: nearly an echo server, where an echo server is right."""

    def on_data(self, data: bytes) -> None:
        self.send(data[:-1])


class Staying(Null):
    """Says nothing, and stays when the peer has ended: nearly a discard server, where silence is right."""

    def on_end(self) -> None:
        """The end is not seen."""


class ShowingPage(Null):
    """Answers the first octets with a web page, whatever they are, and closes."""

    def on_data(self, data: bytes) -> None:
        self.send(PAGE)
        self.act(Close())


#: Every null by name; called with a greeting (which may be empty) and an answer.
NULLS: dict[str, Callable[[bytes, bytes], Session]] = {
    "close": Closing,
    "reset": Resetting,
    "silent": Null,
    "echo": Echoing,
    "same-per-read": AnsweringReads,
    "same-per-line": AnsweringLines,
    "unasked": Talking,
    "web-page": ShowingPage,
    "echo-but-the-last": EchoingButTheLast,
    "staying": Staying,
}

#: The same for protocols whose answers repeat a tag.
NULLS_WITH_TAGS: dict[str, Callable[[bytes, bytes], Session]] = {**NULLS, "first-word-per-line": AnsweringFirstWords}


#: More of them where a head ends in an empty line.
NULL_HEADS: dict[str, Callable[[bytes, bytes], Session]] = {
    **NULLS,
    "same-per-head": AnsweringHeads,
    "same-and-close": AnsweringAHead,
}

# -- behind datagrams


class NullDatagrams(DatagramSession):
    """Hears everything and says nothing; the root of the others. A greeting has no place here."""

    def __init__(self, greeting: bytes = b"", answer: bytes = b"") -> None:
        super().__init__()
        self.answer = answer


class AnsweringDatagrams(NullDatagrams):
    """Gives the same answer to every datagram."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.send(self.answer, sender)


class AnsweringEmpty(NullDatagrams):
    """Gives an empty datagram for every datagram."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.send(b"", sender)


class EchoingDatagrams(NullDatagrams):
    """Gives back what it got."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.send(data, sender)


class EchoingDatagramsButTheLast(NullDatagrams):
    """Gives back what it got, but for the last octet: nearly an echo server, where an echo server is right."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.send(data[:-1], sender)


class TalkingDatagrams(NullDatagrams):
    """Sends its answer again and again to whoever has asked once."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self._to, self._left = sender, UNASKED
        self.on_wake()

    def on_wake(self) -> None:
        self.send(self.answer, self._to)
        self._left -= 1
        if self._left:
            self.act(WakeAt(self.now + UNASKED_EVERY))


class Absent(NullDatagrams):
    """Closes its socket at the first datagram: from then on everybody is refused."""

    def on_datagram(self, data: bytes, sender: Address) -> None:
        self.act(Close())


#: Every null behind datagrams by name, called as the others are.
NULL_DATAGRAMS: dict[str, Callable[[bytes, bytes], DatagramSession]] = {
    "silent": NullDatagrams,
    "same-per-datagram": AnsweringDatagrams,
    "empty": AnsweringEmpty,
    "echo": EchoingDatagrams,
    "echo-but-the-last": EchoingDatagramsButTheLast,
    "unasked": TalkingDatagrams,
    "absent": Absent,
}


class Late:
    """A factory of sessions: the first `after` connections are served properly, and all that follow get the null.

    So the dialogue that proves a server sane passes, and after it nothing may.
    """

    def __init__(self, proper: Callable[[], Session], null: Callable[[], Session], after: int) -> None:
        self._proper, self._null = proper, null
        self._left = after

    def __call__(self) -> Session:
        if self._left <= 0:
            return self._null()
        self._left -= 1
        return self._proper()
