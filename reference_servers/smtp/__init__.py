"""The strict SMTP server, without input or output of its own; its mutants are made by subclassing `SmtpSession`."""

from pytest_netconform.reference_servers.smtp.config import EXTENSIONS, OPTIONS, SmtpConfig, configured
from pytest_netconform.reference_servers.smtp.core import (
    ANY,
    COMMANDS,
    Answer,
    Argument,
    Cleared,
    Command,
    Recipient,
    State,
    Transaction,
)
from pytest_netconform.reference_servers.smtp.delivery import fields, without_field
from pytest_netconform.reference_servers.smtp.session import SmtpSession

__all__ = [
    "ANY",
    "COMMANDS",
    "EXTENSIONS",
    "OPTIONS",
    "Answer",
    "Argument",
    "Cleared",
    "Command",
    "Recipient",
    "SmtpConfig",
    "SmtpSession",
    "State",
    "Transaction",
    "configured",
    "fields",
    "without_field",
]
