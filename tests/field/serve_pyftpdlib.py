"""pyftpdlib as its manual shows it: TLS, two accounts, anonymous readers. Prints its port; ends when stdin does.

python serve_pyftpdlib.py HOST PEM FOLDER [NAME=VALUE ...]

PEM holds the key and the certificates. NAME=VALUE: an attribute of the control connection's class, a boolean.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

EVERYTHING = "elradfmwMT"  # pyftpdlib's letters for what an account may do


def authorizer(folder: Path) -> DummyAuthorizer:
    """alice and bob, who see their own folder alone; anonymous users, who read."""
    accounts = DummyAuthorizer()
    for name in ("alice", "bob", "pub"):
        (folder / name).mkdir()
    for name in ("alice", "bob"):
        accounts.add_user(name, "s3cret", str(folder / name), perm=EVERYTHING)
    accounts.add_anonymous(str(folder / "pub"))
    return accounts


def main(host: str, pem: str, folder: str, *settings: str) -> None:
    control = TLS_FTPHandler
    control.authorizer, control.certfile = authorizer(Path(folder)), pem
    control.auth_failed_timeout = 0  # it makes everybody wait for 3 s, which nothing here is about
    for setting in settings:
        name, _, value = setting.partition("=")
        setattr(control, name, value == "1")
    server = FTPServer((host, 0), control)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.socket.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
