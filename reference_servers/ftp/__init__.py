"""The strict FTP server, without input or output of its own; its mutants are made by subclassing `FtpSession`."""

from pytest_netconform.reference_servers.ftp.config import FEATURES, OPTIONS, FtpConfig, configured
from pytest_netconform.reference_servers.ftp.core import ALIASES, COMMANDS, Answer, Argument, Command
from pytest_netconform.reference_servers.ftp.data import Stage, Task
from pytest_netconform.reference_servers.ftp.session import FtpSession

__all__ = [
    "ALIASES",
    "COMMANDS",
    "FEATURES",
    "OPTIONS",
    "Answer",
    "Argument",
    "Command",
    "FtpConfig",
    "FtpSession",
    "Stage",
    "Task",
    "configured",
]
