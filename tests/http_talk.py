"""Talk HTTP to a session without a carriage; h11 reads the answers, so that somebody else finds them well-formed."""

from __future__ import annotations

from dataclasses import dataclass

import h11

from pytest_netconform.reference_servers.http import HttpConfig, HttpSession, Site
from pytest_netconform.reference_servers.session import Action, Peer, TellWhenSent
from pytest_netconform.wire.cuts import Cut, whole
from tests.talk import Talk

HOST = b"Host: www.example.test\r\n"


@dataclass(frozen=True)
class Answer:
    """A final response as h11 read it."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    trailers: tuple[tuple[str, str], ...] = ()
    interim: tuple[int, ...] = ()

    def __getitem__(self, name: str) -> str:
        found = [value for known, value in self.fields if known == name.lower()]
        assert len(found) == 1, f"{len(found)} lines of {name}: {found}"
        return found[0]

    def __contains__(self, name: str) -> bool:
        return any(known == name.lower() for known, _ in self.fields)

    def all(self, name: str) -> list[str]:
        """The values of all lines of a name."""
        return [value for known, value in self.fields if known == name.lower()]


def read(data: bytes, *methods: str, closed: bool) -> list[Answer]:
    """All that a server said in answer to requests with these methods, read by h11; what is left over is an error."""
    client, answers = h11.Connection(h11.CLIENT), []
    client.receive_data(data)
    if closed:
        client.receive_data(b"")
    for method in methods:
        client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
        client.send(h11.EndOfMessage())
        answers.append(_one(client))
        if client.their_state is h11.DONE and client.our_state is h11.DONE:
            client.start_next_cycle()
    assert client.trailing_data[0] == b"", f"more than {len(methods)} answers: {client.trailing_data[0]!r}"
    return answers


def _one(client: h11.Connection) -> Answer:
    interim, body = [], b""
    head = client.next_event()
    while isinstance(head, h11.InformationalResponse):
        interim.append(head.status_code)
        head = client.next_event()
    assert isinstance(head, h11.Response), head
    event = client.next_event()
    while isinstance(event, h11.Data):
        body += bytes(event.data)
        event = client.next_event()
    assert isinstance(event, h11.EndOfMessage), event
    return Answer(head.status_code, _pairs(head.headers), body, _pairs(event.headers), tuple(interim))


def _pairs(headers: h11.Headers) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode(), value.decode("latin-1")) for name, value in headers)


class HttpTalk(Talk):
    """A connection to a strict HTTP session."""

    def __init__(
        self, config: HttpConfig | None = None, site: Site | None = None, cut: Cut = whole, *, secure: bool = False
    ) -> None:
        self.site = site or Site()
        self.tells = False  # the session waits until what it sent has been read
        super().__init__(HttpSession(config, self.site), cut, Peer(secure=secure))

    def heed(self, actions: list[Action]) -> None:
        self.tells |= any(isinstance(action, TellWhenSent) for action in actions)
        super().heed(actions)

    def asks(self, data: bytes, *methods: str) -> list[Answer]:
        """Say octets and read what is answered: as many answers as methods, and nothing else."""
        begin = len(self.sent)
        self.say(data)
        while self.tells:
            self.tells = False
            self.heed(self.session.sent(self.now))
        return read(self.sent[begin:], *methods, closed=self.closed)

    def ask(self, method: str, target: str, *lines: str, body: bytes | None = None) -> Answer:
        """A well-formed request, and its answer."""
        length = [] if body is None else [f"Content-Length: {len(body)}"]
        head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: www.example.test", *lines, *length, "", ""])
        return self.asks(head.encode("latin-1") + (body or b""), method)[0]


def statuses(data: bytes, *, config: HttpConfig | None = None, method: str = "GET") -> tuple[int, bool]:
    """The status of the one answer to these octets on a connection of their own, and whether it was closed behind."""
    talk = HttpTalk(config)
    answer = talk.asks(data, method)[0]
    return answer.status, talk.closed
