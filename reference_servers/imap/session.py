"""The strict IMAP session: IMAP4rev1 with the base of IMAP4rev2 (RFC 3501, 9051) and the extensions of `config`.

`ImapSession` is the whole of the folder's modules, a chapter each. It shows what a mail store holds, to several
sessions at once, and does nothing that a standard it knows forbids.
"""

from __future__ import annotations

from pytest_netconform.reference_servers.imap.append import Append
from pytest_netconform.reference_servers.imap.fetch import Fetch
from pytest_netconform.reference_servers.imap.folders import Folders
from pytest_netconform.reference_servers.imap.idle import Idle


class ImapSession(Append, Folders, Fetch, Idle):
    """One client's connection."""
