"""The strict IMAP server, without input or output of its own; its mutants are made by subclassing `ImapSession`."""

from pytest_netconform.reference_servers.imap.config import CAPABILITIES, OPTIONS, USES, ImapConfig, configured
from pytest_netconform.reference_servers.imap.core import COMMANDS, Command, Done, State
from pytest_netconform.reference_servers.imap.scanner import Bad, No, Refusal, Scanner
from pytest_netconform.reference_servers.imap.session import ImapSession
from pytest_netconform.reference_servers.imap.view import Entry, View

__all__ = [
    "CAPABILITIES",
    "COMMANDS",
    "OPTIONS",
    "USES",
    "Bad",
    "Command",
    "Done",
    "Entry",
    "ImapConfig",
    "ImapSession",
    "No",
    "Refusal",
    "Scanner",
    "State",
    "View",
    "configured",
]
