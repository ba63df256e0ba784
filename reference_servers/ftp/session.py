"""The strict FTP session: the whole of the folder's modules.

(RFC 959, RFC 1123 4.1, RFC 2228, 2389, 2428, 2577, 2640, 3659, 4217.) It serves a tree in memory to those who log in,
and does nothing that a standard it knows forbids.
"""

from __future__ import annotations

from pytest_netconform.reference_servers.ftp.access import Access
from pytest_netconform.reference_servers.ftp.transfers import Transfers


class FtpSession(Access, Transfers):
    """One client's control connection, and his data connections one after the other."""

    def inside_tls(self) -> bool:
        return self.protected  # also when CCC has ended TLS on the control connection

    def reinitialize(self) -> None:
        super().reinitialize()
        self.drop_data()
        self.only_epsv = False
