"""Data connections: how they come to be, and how one transfer goes over one of them (RFC 959 3.2 to 3.4, RFC 2428).

At most one door and one channel at a time; a channel carries one transfer and is closed behind it (stream mode). Nobody
but the client himself is served, and nobody but he is called (RFC 2577 3 and 4). What is transferred stands in
`transfers.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from pytest_netconform.reference_servers.files import FileProblem
from pytest_netconform.reference_servers.ftp.core import REFUSALS, Answer
from pytest_netconform.reference_servers.ftp.settings import Settings
from pytest_netconform.reference_servers.session import (
    Address,
    ChannelAbort,
    ChannelEnd,
    ChannelReceive,
    ChannelSend,
    ChannelTls,
    CloseDoor,
    Connect,
    Ending,
    Listen,
)
from pytest_netconform.wire.ftp import same_host, text_227, text_229
from pytest_netconform.wire.ftp_commands import HostPort, SyntaxProblem, parse_eprt, parse_epsv, parse_port

PORTION = 1 << 16  # octets that are sent at a time
LOWEST_PORT = 1024  # RFC 2577 3
NOT_ALONE = Answer(503, "EPSV ALL was said: EPSV is the only way now")
NO_CHANNEL = Answer(425, "No data connection")


class Stage(Enum):
    """How far a transfer has come."""

    WAITING = "waits for the data connection"
    HANDSHAKE = "waits for TLS on the data connection"
    MOVING = "is under way"
    ENDING = "is at its end"


@dataclass
class Task:
    """One transfer. content: what is sent, None if something is received. taker: gets what came.

    opening: the text of the 150. largest: octets that are taken.
    """

    content: bytes | None = None
    taker: Callable[[bytes], None] = lambda octets: None
    largest: int = 0
    opening: bytes = b"Here it comes"
    stage: Stage = Stage.WAITING
    moved: int = 0
    received: bytearray = field(default_factory=bytearray)


class Data(Settings):
    """The data connection and the transfer on it."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self.only_epsv = False  # EPSV ALL was said
        self.last_door = 0
        self.door: int | None = None  # that is open, or being opened
        self.preparing: Callable[[int], None] | None = None  # says the port of a door that is being opened
        self.destination: Address | None = None  # PORT or EPRT
        self.channel: int | None = None  # that stands
        self.task: Task | None = None
        self.due: float | None = None  # when the transfer has taken too long

    def busy(self) -> bool:
        return super().busy() or self.task is not None or self.preparing is not None

    def may_interrupt(self, line: bytes) -> bool:
        """Only a transfer is interrupted; a reply that is about to be given is waited for."""
        return self.task is not None and super().may_interrupt(line)

    # asking for a data connection

    def answer_port(self, argument: bytes) -> None:
        self.aim(parse_port(argument), self.port_problem)

    def answer_eprt(self, argument: bytes) -> None:
        self.aim(parse_eprt(argument), self.port_problem)

    def aim(self, address: HostPort, problem: Callable[[HostPort], Answer | None]) -> None:
        """The client will listen there."""
        refusal = self.other_way_refused() or problem(address)
        if refusal is not None:
            self.answer(refusal)
            return
        self.drop_data()
        self.destination = address
        self.reply(200, "Noted")

    def other_way_refused(self) -> Answer | None:
        """After EPSV ALL nothing but EPSV (RFC 2428 4)."""
        return NOT_ALONE if self.only_epsv else None

    def port_problem(self, address: HostPort) -> Answer | None:
        """Nobody's ports but the client's own, and none of a service (RFC 2577 3)."""
        if not self.config.active:
            return Answer(504, "Passive connections only")
        if not self.is_client(address.host):
            return Answer(504, "That is not your address")
        if address.port < LOWEST_PORT:
            return Answer(504, "That port is reserved")
        return None

    def is_client(self, host: str) -> bool:
        """Whether it is the host at the other end of the control connection."""
        return same_host(host, self.peer.address[0])

    def answer_pasv(self, argument: bytes) -> None:
        """227, over IPv4 only: it can say nothing else."""
        refusal = self.other_way_refused()
        if refusal is None and (":" in self.here() or not self.here()):
            refusal = Answer(522, "PASV speaks of IPv4 only, use EPSV")
        self.listen(refusal, lambda port: self.reply(227, f"Connect to ({self.pasv_numbers(port)})"))

    def pasv_numbers(self, port: int) -> str:
        """The address and the port as six numbers."""
        return text_227(self.here(), port)

    def answer_epsv(self, argument: bytes) -> None:
        """229; the address is that of the control connection (RFC 2428 3)."""
        asked = parse_epsv(argument)
        if asked == "ALL":
            self.only_epsv = True
            self.reply(200, "Nothing but EPSV from here on")
            return
        family = 2 if ":" in self.here() else 1
        refusal = self.family_refused(asked, family) if isinstance(asked, int) else None
        self.listen(refusal, lambda port: self.reply(229, f"Connect to {self.epsv_fields(port)}"))

    def family_refused(self, asked: int, family: int) -> Answer | None:
        """Another protocol than that of the control connection is not to be had."""
        return None if asked == family else Answer(522, f"Network protocol not supported, use ({family})")

    def epsv_fields(self, port: int) -> str:
        """The port between delimiters."""
        return text_229(port)

    def here(self) -> str:
        """The host as the client found it: data connections stand at the same address (RFC 1123 4.1.2.12)."""
        return self.peer.here[0]

    def listen(self, refusal: Answer | None, announce: Callable[[int], None]) -> None:
        """Open a door; the reply comes when its port is known. Of several the last holds (RFC 1123 4.1.2.6)."""
        if refusal is None and not self.config.passive:
            refusal = Answer(504, "Active connections only")
        if refusal is not None:
            self.answer(refusal)
            return
        self.drop_data()
        self.preparing = announce
        self.act(Listen(self.new_door(), self.here(), self.listen_port()))

    def listen_port(self) -> int:
        """The system chooses: ports that can be guessed can be stolen (RFC 2577 8)."""
        return 0

    def new_door(self) -> int:
        """A door gets a number that no door had before."""
        self.last_door += 1
        self.door = self.last_door
        return self.door

    # what the carriage reports

    def on_listening(self, door: int, port: int) -> None:
        announce, self.preparing = self.preparing, None
        if announce is not None and door == self.door:
            announce(port)
        self.go_on()

    def on_unavailable(self, door: int, why: str) -> None:
        if door != self.door:
            return
        self.door = None
        if self.preparing is not None:
            self.preparing = None
            self.reply(425, "No port is to be had")
            self.go_on()
        elif self.task is not None:
            self.fail(NO_CHANNEL)

    def on_joined(self, door: int, channel: int, peer: Address) -> None:
        """Whoever comes is looked at; the door stays open for the client when somebody else was faster."""
        if door != self.door or self.channel is not None or not self.welcome(peer):
            self.act(ChannelAbort(channel))
            return
        self.channel = channel
        self.shut()
        if self.task is not None:
            self.begin(self.task)

    def welcome(self, peer: Address) -> bool:
        """Data connections of another host are not the client's (RFC 2577 4)."""
        return self.is_client(peer[0])

    def on_channel_secure(self, channel: int) -> None:
        if channel == self.channel and self.task is not None:
            self.move(self.task)

    def on_channel_data(self, channel: int, data: bytes) -> None:
        if channel != self.channel or self.task is None or self.task.content is not None:
            return
        self.progress()
        self.keep(self.task, data)
        if len(self.task.received) > self.task.largest:
            self.fail(Answer(552, "No space is left"))

    def keep(self, task: Task, data: bytes) -> None:
        """Octets of an upload."""
        task.received += data

    def on_channel_sent(self, channel: int) -> None:
        if channel != self.channel or self.task is None:
            return
        if self.task.stage is Stage.ENDING:
            self.finish(self.success())
        elif self.task.stage is Stage.MOVING:
            self.progress()
            self.send_portion(self.task)

    def on_channel_ended(self, channel: int, how: Ending) -> None:
        if channel != self.channel:
            return
        if how is not Ending.CLEAN:
            self.broken(how)
        elif self.task is not None and self.task.stage is Stage.MOVING and self.task.content is None:
            self.act(ChannelEnd(channel))
            self.taken(self.task)

    def broken(self, how: Ending) -> None:
        """The channel is gone before its time: 426, or 425 when it never came to a transfer."""
        self.channel = None
        if self.task is not None:
            self.fail(self.loss(self.task, how))

    def loss(self, task: Task, how: Ending) -> Answer:
        """What the client is told. An end without close_notify may be an attacker's (RFC 8446 6.1)."""
        if task.stage is Stage.HANDSHAKE:
            return Answer(425, "No TLS on the data connection")
        return Answer(426, f"The data connection was {how.value}")

    # one transfer

    def start(self, task: Task) -> None:
        """A transfer begins as soon as there is a channel."""
        self.restart = 0
        if self.channel is None and self.door is None and self.destination is None:
            self.answer(NO_CHANNEL)
            return
        self.task = task
        if self.channel is not None:
            self.begin(task)
            return
        self.wait(self.config.data_wait)
        if self.destination is not None:
            self.act(Connect(self.new_door(), self.destination, self.source()))

    def source(self) -> str:
        """Our own address of a data connection: that of the control connection (RFC 1123 4.1.2.12)."""
        return self.here()

    def begin(self, task: Task) -> None:
        """The channel stands: 150, and TLS if PROT P was said."""
        assert self.channel is not None
        self.reply(150, task.opening)
        if self.inside_tls():
            task.stage = Stage.HANDSHAKE
            self.wait(self.config.data_wait)
            self.act(ChannelTls(self.channel))
        else:
            self.move(task)

    def inside_tls(self) -> bool:
        """Whether this transfer's channel is protected (RFC 4217 9)."""
        return False

    def move(self, task: Task) -> None:
        """Octets go, or are awaited."""
        assert self.channel is not None
        task.stage = Stage.MOVING
        self.wait(self.config.data_stall)
        if task.content is not None:
            self.send_portion(task)
        else:
            self.act(ChannelReceive(self.channel))

    def send_portion(self, task: Task) -> None:
        """As much as goes at a time; behind the last portion the end."""
        assert self.channel is not None and task.content is not None
        portion = task.content[task.moved : task.moved + PORTION]
        task.moved += len(portion)
        if portion:
            self.act(ChannelSend(self.channel, portion))
        else:
            task.stage = Stage.ENDING
            self.say_end()

    def say_end(self) -> None:
        """The end of a file is the end of the connection (RFC 959 3.4.1)."""
        assert self.channel is not None
        self.act(ChannelEnd(self.channel))

    def taken(self, task: Task) -> None:
        """An upload is whole."""
        try:
            task.taker(bytes(task.received))
        except FileProblem as problem:
            self.finish(Answer(REFUSALS.get(problem.why, 550), str(problem)))
        except SyntaxProblem as problem:
            self.finish(Answer(problem.code, problem.text))
        else:
            self.finish(self.success())

    def success(self) -> Answer:
        """The last reply of a transfer that went well."""
        return Answer(226, "Transfer complete")

    def fail(self, answer: Answer) -> None:
        """A transfer ends before its time."""
        if self.channel is not None:
            self.act(ChannelAbort(self.channel))
            self.channel = None
        self.finish(answer)

    def finish(self, *answers: Answer) -> None:
        """The last word about a transfer; whoever waited has his turn."""
        self.task, self.channel, self.destination, self.due = None, None, None, None
        self.shut()
        for answer in answers:
            self.answer(answer)
        self.rearm()
        self.go_on()

    def answer_abor(self, argument: bytes) -> None:
        """426 for the transfer, if one is under way, then 226 (RFC 959 4.1.3, 5.4)."""
        if self.task is None:
            self.drop_data()
            self.reply(226, "Nothing to abort")
            return
        if self.channel is not None:
            self.act(ChannelAbort(self.channel))
        self.finish(Answer(426, "Transfer aborted"), Answer(226, "Aborted"))

    # ends and times

    def shut(self) -> None:
        """No more channels by the door that is open."""
        if self.door is not None:
            self.act(CloseDoor(self.door))
            self.door = None

    def drop_data(self) -> None:
        """Whatever was prepared for a transfer is given up."""
        self.shut()
        if self.channel is not None:
            self.act(ChannelAbort(self.channel))
        self.channel = self.destination = None

    def close(self) -> None:
        if not self.closing:
            self.drop_data()
            self.task = None
        super().close()

    def wait(self, seconds: float) -> None:
        """From here on the transfer has so long for its next step."""
        self.due = self.now + seconds
        self.rearm()

    def progress(self) -> None:
        """The transfer moves."""
        self.due = self.now + self.config.data_stall

    def appointment(self) -> float | None:
        return self.due

    def on_appointment(self) -> None:
        """The transfer has taken too long: 425 if it never began, else 426."""
        self.due = None
        if self.task is not None:
            waited = self.task.stage in (Stage.WAITING, Stage.HANDSHAKE)
            self.fail(NO_CHANNEL if waited else Answer(426, "Nothing moves any more"))
