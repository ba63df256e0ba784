"""Mutants of capabilities and UTF8: what is listed and what is there differ in one way each."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.pop3 import COMMANDS, Pop3Session, State


@mutant("capa_single_line", breaks=["POP3-2449-5-a"], because="unfinished")
class CapaSingleLine(Pop3Session):
    """Lists its capabilities behind the status."""

    def answer_capa(self) -> None:
        self.agree(" ".join(self.capability_lines()))


@mutant("capa_two_spaces", breaks=["POP3-2449-5-a"], because="SASL  ")
class CapaTwoSpaces(Pop3Session):
    """Puts its parameters in a column."""

    def capability_lines(self) -> list[str]:
        return [line.replace(" ", "  ") for line in super().capability_lines()]


@mutant("capa_drops_sasl_after_login", breaks=["POP3-2449-5-c"], because="SASL")
class CapaDropsSaslAfterLogin(Pop3Session):
    """Lists what it has for strangers to strangers only, as Dovecot does."""

    def offers(self, capability: str) -> bool:
        return super().offers(capability) and not (self.drop is not None and capability == "SASL")


@mutant("capa_drops_top_after_login", breaks=["POP3-2449-5-c"], because="TOP")
class CapaDropsTopAfterLogin(Pop3Session):
    """Lists TOP before the login only."""

    def offers(self, capability: str) -> bool:
        return super().offers(capability) and not (self.drop is not None and capability == "TOP")


@mutant("capa_lies_top", breaks=["POP3-2449-5-b"], because="TOP")
class CapaLiesTop(Pop3Session):
    """Lists TOP and does not know it."""

    commands = {verb: command for verb, command in COMMANDS.items() if verb != "TOP"}


@mutant("capa_lies_sasl", breaks=["POP3-2449-5-b"], because="AUTH")
class CapaLiesSasl(Pop3Session):
    """Lists mechanisms and does not know AUTH."""

    commands = {verb: command for verb, command in COMMANDS.items() if verb != "AUTH"}


@mutant("utf8_in_transaction_ok", breaks=["POP3-6856-2-a"], because="+OK")
class Utf8InTransactionOk(Pop3Session):
    """Takes UTF8 at any time."""

    commands = {**COMMANDS, "UTF8": replace(COMMANDS["UTF8"], states=frozenset(State))}


@mutant("utf8_closes", breaks=["POP3-6856-2-a"], because="closed")
class Utf8Closes(Pop3Session):
    """Dies of UTF8."""

    def answer_utf8(self) -> None:
        self.close()
