"""The strict POP3 server, without input or output of its own; its mutants are made by subclassing `Pop3Session`."""

from pytest_netconform.reference_servers.pop3.config import CAPABILITIES, OPTIONS, Pop3Config, configured
from pytest_netconform.reference_servers.pop3.core import COMMANDS, Command, State
from pytest_netconform.reference_servers.pop3.maildrop import Entry, Maildrop
from pytest_netconform.reference_servers.pop3.session import Pop3Session

__all__ = [
    "CAPABILITIES",
    "COMMANDS",
    "OPTIONS",
    "Command",
    "Entry",
    "Maildrop",
    "Pop3Config",
    "Pop3Session",
    "State",
    "configured",
]
