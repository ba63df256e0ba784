"""Who is there and what can he have: greeting, CAPABILITY, ID, ENABLE, STARTTLS, LOGIN, AUTHENTICATE, LOGOUT.

RFC 9051 6.1, 6.2, 6.3.1, 7.1; RFC 2971; RFC 4959. An exchange takes every line until it is over.
"""

from __future__ import annotations

import hmac

from pytest_netconform.reference_servers.imap.config import CAPABILITIES, EARLY, SPELLINGS
from pytest_netconform.reference_servers.imap.core import Done, State
from pytest_netconform.reference_servers.imap.reading import ImapReading
from pytest_netconform.reference_servers.imap.scanner import Bad, No, Refusal, Scanner
from pytest_netconform.reference_servers.mailboxes import Account
from pytest_netconform.reference_servers.session import StartTls
from pytest_netconform.wire.sasl import MECHANISMS, Claim, Exchange, SaslProblem, decoded, encoded

ID_FIELDS, ID_NAME, ID_VALUE = 30, 30, 1024  # RFC 2971 3.3
IDENTITY = (("name", "netconform-reference"), ("vendor", "pytest-netconform"))
#: what ENABLE may switch on, and what that switches on besides (RFC 7162 3.2.3; RFC 9051 6.3.1)
ENABLES = {"IMAP4REV2": (), "CONDSTORE": (), "QRESYNC": ("CONDSTORE",)}


class Access(ImapReading):
    """From the greeting to a login, and the end."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.exchange: Exchange | None = None

    # greeting and end

    def on_open(self) -> None:
        self.is_secure = self.peer.secure
        super().on_open()

    def greet(self) -> None:
        """The server speaks first (RFC 9051 7.1): OK, PREAUTH, or BYE and the end."""
        greeting = self.config.greeting
        if greeting == "BYE":
            self.bye("No service at this hour")
            return
        if greeting == "PREAUTH":
            self.enter(next(iter(self.config.passwords)))
        self.untagged(self.format_status(greeting.encode(), f"{self.config.host} at your service", self.capability()))

    def answer_noop(self, arguments: Scanner) -> Done:
        """Nothing, but a chance to hear what has changed (RFC 9051 6.1.2)."""
        arguments.end()
        return Done("Nothing done")

    def answer_logout(self, arguments: Scanner) -> None:
        """BYE, the tagged OK, and the close, in that order (RFC 9051 6.1.3)."""
        arguments.end()
        self.say_goodbye()
        self.close()

    def say_goodbye(self) -> None:
        """The last words."""
        self.untagged(self.format_status(b"BYE", "Until next time"))
        self.send_tagged(b"OK", "Done")

    # capabilities

    def answer_capability(self, arguments: Scanner) -> Done:
        """What can be used now (RFC 9051 6.1.1)."""
        arguments.end()
        self.untagged(self.capability())
        return Done("Those are all")

    def capability(self) -> str:
        """The list, in the form of a response and of a response code."""
        return " ".join(["CAPABILITY", *self.capabilities()])

    def capabilities(self) -> list[str]:
        """Each capability that can be used now."""
        listed = [SPELLINGS.get(name, name) for name in CAPABILITIES if self.offers(name)]
        if self.user:
            return listed
        listed += [f"AUTH={name}" for name in self.mechanisms()]
        return listed if self.may_log_in() else [*listed, "LOGINDISABLED"]

    def offers(self, capability: str) -> bool:
        """Whether a capability can be used now."""
        if capability == "STARTTLS" and (self.is_secure or not self.config.tls or self.user):
            return False
        return self.config.has(capability) and (bool(self.user) or capability in EARLY)

    # ID and ENABLE

    # id-params-list = "(" *(string SP nstring) ")" / nil   (RFC 2971 4)
    def answer_id(self, arguments: Scanner) -> Done:
        """Both sides tell what they are (RFC 2971 3.1)."""
        arguments.space()
        if not arguments.take(b"NIL"):
            self.check_identity(arguments.listed(lambda: self.read_field(arguments), empty=True))
        arguments.end()
        self.tell_identity()
        return Done("Pleased to meet you")

    def read_field(self, arguments: Scanner) -> tuple[bytes, bytes | None]:
        """A name and a value."""
        name = arguments.string("a field's name")
        arguments.space()
        return name, arguments.nstring()

    def check_identity(self, fields: list[tuple[bytes, bytes | None]]) -> None:
        """Not too many, not too long, no name twice (RFC 2971 3.3)."""
        names = [name.upper() for name, _ in fields]
        if len(fields) > ID_FIELDS or len(set(names)) < len(names):
            raise Bad(f"At most {ID_FIELDS} fields, each once")
        if any(len(name) > ID_NAME or len(value or b"") > ID_VALUE for name, value in fields):
            raise Bad(f"Names have at most {ID_NAME} octets, values {ID_VALUE}")

    def tell_identity(self) -> None:
        """Who we are."""
        self.untagged(b"ID (" + b" ".join(self.quoted(word.encode()) for pair in IDENTITY for word in pair) + b")")

    def answer_enable(self, arguments: Scanner) -> Done:
        """Switch on what changes the server's words; what cannot be is passed over (RFC 5161 3.1)."""
        arguments.space()
        names = [arguments.word("a capability")]
        while not arguments.at_end():
            arguments.space()
            names.append(arguments.word("a capability"))
        new = [name for name in dict.fromkeys(names) if self.can_enable(name)]
        for name in new:
            self.enable(name)
        self.untagged(" ".join(["ENABLED", *(SPELLINGS.get(name, name) for name in new)]))
        return Done("Enabled what could be", quiet=True)

    def can_enable(self, name: str) -> bool:
        """Whether it is something that can be switched on; it may be on already."""
        return name in ENABLES and self.config.has(name)

    def enable(self, name: str) -> None:
        """Switch something on for the rest of the session."""
        self.enabled |= {name, *ENABLES.get(name, ())}

    # STARTTLS

    def answer_starttls(self, arguments: Scanner) -> None:
        """The last word in clear; what the client sent behind the command is not heard (RFC 9051 6.2.1)."""
        self.check_starttls(arguments)
        self.send_tagged(b"OK", "Begin TLS now")
        behind = self.behind_starttls(self.pending())
        self.drop_pending()
        self.put_back(behind)
        self.begin_tls()

    def check_starttls(self, arguments: Scanner) -> None:
        """No arguments, no TLS yet, nobody logged in."""
        arguments.end()
        if not self.offers("STARTTLS"):
            raise Bad("TLS is active already" if self.is_secure else "No TLS here")

    def behind_starttls(self, octets: bytes) -> bytes:
        """Which of the octets that arrived in clear behind STARTTLS are kept for the time after the handshake."""
        return b""

    def begin_tls(self) -> None:
        """Ask for the handshake, and be deaf until it is done."""
        self.handshaking = True
        self.read_nothing()
        self.act(StartTls())

    def on_data(self, data: bytes) -> None:
        """Octets; those that come in clear while a handshake is owed are nobody's business."""
        super().on_data(self.behind_starttls(data) if self.handshaking else data)

    def on_secure(self) -> None:
        """The handshake is done; nobody has logged in yet."""
        self.is_secure, self.handshaking = True, False
        self.read_lines()
        self.digest()

    # LOGIN

    def may_log_in(self) -> bool:
        """Whether a password may travel as it is, by LOGIN."""
        return self.shows_passwords() and self.config.has("LOGIN")

    def shows_passwords(self) -> bool:
        """Whether a password may travel as it is."""
        return self.is_secure or self.config.auth_in_clear

    def answer_login(self, arguments: Scanner) -> Done:
        """A name and a password (RFC 9051 6.2.3)."""
        arguments.space()
        name = arguments.astring("a user's name")
        arguments.space()
        password = arguments.astring("a password")
        arguments.end()
        self.check_login()
        return self.judge(name.decode("latin-1"), self.is_password(name, password))

    def check_login(self) -> None:
        """LOGIN is not served where it is listed as disabled (RFC 9051 6.2.3)."""
        if not self.may_log_in():
            raise No("Passwords want TLS first; STARTTLS begins it", "PRIVACYREQUIRED")

    def is_password(self, name: bytes, password: bytes) -> bool:
        """Whether it is the password of a user there is."""
        known = self.config.passwords.get(name.decode("latin-1"))
        return known is not None and hmac.compare_digest(known.encode(), password)

    def judge(self, name: str, right: bool) -> Done:
        """Let a client in, or not."""
        if not right:
            raise self.login_refusal(name)
        self.enter(name)
        return Done("Welcome", self.capability())

    def login_refusal(self, name: str) -> Refusal:
        """The same words whatever was wrong, so that nobody learns which users there are (RFC 9051 11.7)."""
        return No("The name or the password is wrong", "AUTHENTICATIONFAILED")

    def enter(self, name: str) -> None:
        """His mailboxes are open."""
        self.user = name
        self.account = self.account_of(name)

    def account_of(self, name: str) -> Account:
        """A user's mailboxes."""
        return self.mailboxes.account(name)

    # AUTHENTICATE

    def mechanisms(self) -> list[str]:
        """The mechanisms on offer: none that shows the password to whoever listens, unless that is allowed."""
        shown = self.shows_passwords()
        offered = [name for name, mechanism in MECHANISMS.items() if shown or not mechanism.plaintext]
        return [name for name in offered if self.config.has(f"AUTH={name}")]

    def answer_authenticate(self, arguments: Scanner) -> Done | None:
        """Begin an exchange: with an initial response (RFC 4959; `=` is an empty one), or with a challenge."""
        arguments.space()
        mechanism = arguments.word("a mechanism")
        initial = self.read_initial(arguments)
        arguments.end()
        if mechanism not in self.mechanisms():
            raise No("This mechanism is not on offer here", "CANNOT")
        if initial is not None and MECHANISMS[mechanism].server_first:
            raise Bad(f"{mechanism} takes no initial response")
        self.exchange = MECHANISMS[mechanism].start(initial, self.unique())
        return self.step(None)

    def read_initial(self, arguments: Scanner) -> bytes | None:
        """The initial response, if there is one and one may be."""
        if arguments.at_end() or not self.config.has("SASL-IR"):
            return None
        arguments.space()
        text = arguments.atom("base64")
        return b"" if text == b"=" else self.decode_response(text)

    def unique(self) -> bytes:
        """What makes a challenge like no other: a number that the store gives once, the time, the host."""
        return f"{self.mailboxes.store.number()}.{int(self.now)}@{self.config.host}".encode()

    def decode_response(self, text: bytes) -> bytes:
        """The octets of a response; Bad if it is no base64 (RFC 9051 6.2.2)."""
        try:
            return decoded(text)
        except SaslProblem as problem:
            raise Bad(f"The response is {problem}") from None

    def on_response(self, line: bytes) -> None:
        """A line of the exchange (RFC 9051 6.2.2): `*` ends it."""
        try:
            if line == b"*":
                raise self.cancelled()
            done = self.step(self.decode_response(line))
        except Refusal as refusal:
            self.exchange = None
            self.finish_late(refusal)
        else:
            if done is not None:
                self.finish_late(done)

    def cancelled(self) -> Refusal:
        """The client has thought better of it."""
        return Bad("As you like")

    def step(self, response: bytes | None) -> Done | None:
        """One turn of the exchange: a challenge goes out, or the claim is judged."""
        assert self.exchange is not None
        try:
            challenge = next(self.exchange) if response is None else self.exchange.send(response)
        except StopIteration as over:
            self.exchange = None
            claim: Claim = over.value
            return self.judge(claim.user, self.is_proven(claim))
        except SaslProblem as problem:
            self.exchange = None
            raise Bad(f"The response is {problem}") from None
        self.send_challenge(challenge)
        self.await_line(self.on_response)
        return None

    def send_challenge(self, challenge: bytes) -> None:
        """A challenge in base64, perhaps an empty one."""
        self.invite(encoded(challenge))

    def is_proven(self, claim: Claim) -> bool:
        """Whether the password that is known for the user proves the claim; nobody acts for others."""
        known = self.config.passwords.get(claim.user)
        return known is not None and claim.proven_by(known) and claim.acting_for in ("", claim.user)

    def longest_line(self) -> int:
        """Before a login nobody needs long lines."""
        return self.config.line if self.state() is not State.NOT_AUTHENTICATED else min(self.config.line, 16384)
