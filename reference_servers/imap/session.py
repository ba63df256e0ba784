"""The strict IMAP session: IMAP4rev1 with the base of IMAP4rev2 (RFC 3501, 9051) and the extensions of `config`.

`ImapSession` is the whole of the folder's modules, a chapter each. It shows what a mail store holds, to several
sessions at once, and does nothing that a standard it knows forbids.
"""

from __future__ import annotations

from pytest_netconform.reference_servers.imap.changes import Changes
from pytest_netconform.reference_servers.imap.compress import Compress
from pytest_netconform.reference_servers.imap.fetch import Fetch
from pytest_netconform.reference_servers.imap.folders import Folders
from pytest_netconform.reference_servers.imap.idle import Idle
from pytest_netconform.reference_servers.imap.sorting import Sorting


class ImapSession(Changes, Sorting, Folders, Fetch, Idle, Compress):
    """One client's connection."""
