"""An ephemeral certificate authority: good leaves, and leaves that are bad in one way each.

This module knows names, dates, keys and contexts. It must not know a protocol or a socket. Everything is made at first
use and kept; files exist only for those who ask for paths, in a directory that is removed again. The bad leaves are the
cases of RFC 5280 section 6.1.3 (validity, issuer) and RFC 9525 section 6 (names) that a verifying client has to refuse.
"""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import ssl
import tempfile
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ("localhost", "127.0.0.1", "::1")  # what a good leaf vouches for
OTHER_NAMES = ("elsewhere.example",)  # what the wrong-host leaf vouches for (RFC 2606 section 3)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Leaf:
    """A server's key and certificate chain, PEM; the chain begins with the server's own certificate."""

    key: bytes
    chain: bytes


class Authority:
    """One authority and its leaves. Nothing is made before it is asked for; `close` removes the files.

    The leaves, by name: `good`; `wrong-host` (another name); `expired` (its last day was yesterday); `not-yet-valid`
    (its first day is tomorrow); `self-signed` (right names, no authority); `unknown-issuer` (right names, from an
    authority of the same kind that nobody trusts). An unknown name raises KeyError.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a server's thread and a client's may ask first together
        self._made: trustme.CA | None = None
        self._leaves: dict[str, Leaf] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._folder: Path | None = None
        self._remove: weakref.finalize[[Path], Authority] | None = None

    @property
    def pem(self) -> bytes:
        """The authority's own certificate, PEM: what a client has to trust."""
        return self._authority.cert_pem.bytes()

    def leaf(self, name: str = "good") -> Leaf:
        """The key and chain of the leaf called `name`."""
        with self._lock:
            if name not in self._leaves:
                self._leaves[name] = LEAVES[name](self._authority)
            return self._leaves[name]

    def server_context(self, leaf: str = "good") -> ssl.SSLContext:
        """A server's context (TLS 1.2 and later) that presents a leaf. One context per leaf is made and shared."""
        with self._lock:
            if leaf not in self._contexts:
                self._contexts[leaf] = self._server_context(leaf)
            return self._contexts[leaf]

    def _server_context(self, leaf: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # a ticket that the client never reads would turn its close into a reset
        context.num_tickets = 0
        context.options |= ssl.OP_NO_RENEGOTIATION
        # the ssl module takes a key from a file only
        with tempfile.TemporaryDirectory(prefix="netconform-") as folder:
            path = _written(Path(folder) / "leaf.pem", self.leaf(leaf).key + self.leaf(leaf).chain)
            context.load_cert_chain(path)
        return context

    def client_context(self) -> ssl.SSLContext:
        """A new client's context that trusts this authority alone, and verifies names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self.pem.decode("ascii"))
        return context

    def authority_file(self) -> Path:
        """The path of the authority's certificate, PEM."""
        return self._file("authority.pem", self.pem)

    def certificate_file(self, leaf: str = "good") -> Path:
        """The path of a leaf's certificate chain, PEM."""
        return self._file(f"{leaf}.pem", self.leaf(leaf).chain)

    def key_file(self, leaf: str = "good") -> Path:
        """The path of a leaf's private key, PEM, readable by its owner only."""
        return self._file(f"{leaf}.key", self.leaf(leaf).key)

    def close(self) -> None:
        """Remove the files. Contexts stay usable; a path that is asked for again is written anew."""
        if self._remove is not None:
            self._remove()
        self._folder = self._remove = None

    def __enter__(self) -> Authority:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _authority(self) -> trustme.CA:
        with self._lock:
            if self._made is None:
                self._made = trustme.CA()
            return self._made

    def _file(self, name: str, data: bytes) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="netconform-"))  # mode 0700
                self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            path = self._folder / name
            return path if path.exists() else _written(path, data)


def _written(path: Path, data: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(data)
    return path


def _today() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _issued(
    authority: trustme.CA,
    names: tuple[str, ...] = NAMES,
    not_before: datetime.datetime | None = None,
    not_after: datetime.datetime | None = None,
) -> Leaf:
    made = authority.issue_cert(*names, not_before=not_before, not_after=not_after)
    return Leaf(made.private_key_pem.bytes(), b"".join(blob.bytes() for blob in made.cert_chain_pems))


def _self_signed(authority: trustme.CA) -> Leaf:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "netconform self-signed")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_today() - DAY)
        .not_valid_after(_today() + 365 * DAY)
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in NAMES]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Leaf(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


#: How each leaf is made; the names are what `Authority` takes.
LEAVES: dict[str, Callable[[trustme.CA], Leaf]] = {
    "good": _issued,
    "wrong-host": lambda authority: _issued(authority, OTHER_NAMES),
    "expired": lambda authority: _issued(authority, NAMES, _today() - 30 * DAY, _today() - DAY),
    "not-yet-valid": lambda authority: _issued(authority, NAMES, _today() + DAY, _today() + 30 * DAY),
    "self-signed": _self_signed,
    "unknown-issuer": lambda _: _issued(trustme.CA()),
}
