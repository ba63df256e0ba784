"""Mutants of names: modified UTF-7 is read or written wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import ImapSession, No
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("mutf7_double_encoded", breaks=["IMAP-9051-A.1-a"], because="in LIST as it was given")
class Mutf7DoubleEncoded(ImapSession):
    """Reads names as they are, and encodes them."""

    def decode_name(self, text: bytes) -> str:
        return text.decode("latin-1")


@mutant("mutf7_case_folded", breaks=["IMAP-9051-A.1-a"], because="in LIST as it was given")
class Mutf7CaseFolded(ImapSession):
    """Is not particular about case, not even inside base64."""

    def encode_name(self, name: str) -> bytes:
        return super().encode_name(name).lower()


@mutant("mutf7_invalid_accepted", breaks=["IMAP-9051-A.1-b"], because=" OK ")
class Mutf7InvalidAccepted(ImapSession):
    """Takes any octets for a name."""

    def decode_name(self, text: bytes) -> str:
        try:
            return super().decode_name(text)
        except No:
            return "".join(chr(0xE000 + octet) if octet == 38 or octet > 126 else chr(octet) for octet in text)

    def encode_name(self, name: str) -> bytes:
        if max(name, default="") < "\ue000":
            return super().encode_name(name)
        return bytes(ord(letter) & 0xFF for letter in name)


@mutant("mutf7_name_lost", breaks=["IMAP-9051-A.1-b"], because="OK in answer to SELECT")
class Mutf7NameLost(Mutf7InvalidAccepted):
    """Makes such names, and does not find them again."""

    def mailbox_of(self, name: str):  # type: ignore[no-untyped-def]
        return super().mailbox_of("".join(letter for letter in name if letter < "\ue000"))
