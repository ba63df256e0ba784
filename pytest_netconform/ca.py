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
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("localhost", "127.0.0.1", "::1")  # what a good leaf vouches for
OTHER_NAMES = ("elsewhere.example",)  # what the wrong-host leaf vouches for (RFC 2606 section 3)
#: SSL_CERT_FILE: OpenSSL and whoever uses its defaults (Python's ssl); REQUESTS_CA_BUNDLE: requests, pip;
#: CURL_CA_BUNDLE: curl; NODE_EXTRA_CA_CERTS: Node.js
VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
DAY = datetime.timedelta(days=1)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Leaf:
    """A key and its certificate chain, PEM; the chain begins with the certificate of that key."""

    key: bytes
    chain: bytes


class Authority:
    """One authority and its leaves. Nothing is made before it is asked for; `close` removes the files.

    The leaves of servers, by name: `good`; `intermediate` (right, by way of another authority); `wrong-host` (another
    name); `common-name` (the right name, but not where names belong); `expired` (its last day was yesterday);
    `not-yet-valid` (its first day is tomorrow); `self-signed` (right names, no authority); `unknown-issuer` (right
    names, from an authority of the same kind that nobody trusts); `missing-intermediate` (`intermediate`, which is not
    shown); `wrong-purpose` (for clients); `weak-key` (RSA of 1024 bits); `revoked` (in the authority's list, for who
    looks there). The leaves of clients: `good`, `expired`, `unknown-issuer`, `wrong-purpose` (for servers). An unknown
    name raises KeyError.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a server's thread and a client's may ask first together
        self._made: trustme.CA | None = None
        self._leaves: dict[str, Leaf] = {}
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}
        self._client_leaves: dict[str, Leaf] = {}
        self._revocations = b""
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

    def client_leaf(self, name: str = "good") -> Leaf:
        """The key and chain of a client's leaf."""
        with self._lock:
            if name not in self._client_leaves:
                self._client_leaves[name] = CLIENT_LEAVES[name](self._authority)
            return self._client_leaves[name]

    @property
    def revocations(self) -> bytes:
        """The list of the certificates that the authority has revoked (RFC 5280 5), PEM."""
        with self._lock:
            if not self._revocations:
                self._revocations = _revocations(self._authority, self.leaf("revoked"))
            return self._revocations

    def server_context(self, leaf: str = "good", *, client_certificates: bool = False) -> ssl.SSLContext:
        """A server's context (TLS 1.2 and later) that presents a leaf. One context per leaf is made and shared.

        client_certificates: it demands a certificate of this authority's from the client.
        """
        with self._lock:
            key = leaf, client_certificates
            if key not in self._contexts:
                self._contexts[key] = self._server_context(leaf)
                if client_certificates:
                    self._contexts[key].verify_mode = ssl.CERT_REQUIRED
                    self._contexts[key].load_verify_locations(cadata=self.pem.decode("ascii"))
            return self._contexts[key]

    def _server_context(self, leaf: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # a ticket that the client never reads would turn its close into a reset
        context.num_tickets = 0
        context.options |= ssl.OP_NO_RENEGOTIATION
        if leaf == "weak-key":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or the server's own library refuses the key
        _load(context, self.leaf(leaf))
        return context

    def client_context(self, certificate: str | None = None, *, revocations: bool = False) -> ssl.SSLContext:
        """A new client's context that trusts this authority alone, and verifies names.

        certificate: the client's own leaf that it shows when it is asked. revocations: it knows the authority's list,
        and refuses what stands there. Keys that RFC 9325 4.3 calls too short are refused whatever the system's policy.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.hostname_checks_common_name = False  # RFC 9525 2
        context.set_ciphers("DEFAULT:@SECLEVEL=2")
        context.load_verify_locations(cadata=self.pem.decode("ascii"))
        if certificate is not None:
            _load(context, self.client_leaf(certificate))
        if revocations:
            context.load_verify_locations(self.revocations_file())
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        return context

    def environment(self) -> dict[str, str]:
        """The variables from which common clients learn whom to trust, each with the path of this authority's file."""
        return dict.fromkeys(VARIABLES, str(self.authority_file()))

    def authority_file(self) -> Path:
        """The path of the authority's certificate, PEM."""
        return self._file("authority.pem", self.pem)

    def certificate_file(self, leaf: str = "good") -> Path:
        """The path of a leaf's certificate chain, PEM."""
        return self._file(f"{leaf}.pem", self.leaf(leaf).chain)

    def key_file(self, leaf: str = "good") -> Path:
        """The path of a leaf's private key, PEM, readable by its owner only."""
        return self._file(f"{leaf}.key", self.leaf(leaf).key)

    def client_certificate_file(self, leaf: str = "good") -> Path:
        """The path of a client's certificate chain, PEM."""
        return self._file(f"client-{leaf}.pem", self.client_leaf(leaf).chain)

    def client_key_file(self, leaf: str = "good") -> Path:
        """The path of a client's private key, PEM, readable by its owner only."""
        return self._file(f"client-{leaf}.key", self.client_leaf(leaf).key)

    def revocations_file(self) -> Path:
        """The path of the list of revoked certificates, PEM."""
        return self._file("revocations.pem", self.revocations)

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


def _load(context: ssl.SSLContext, leaf: Leaf) -> None:
    # the ssl module takes a key from a file only
    with tempfile.TemporaryDirectory(prefix="netconform-") as folder:
        context.load_cert_chain(_written(Path(folder) / "leaf.pem", leaf.key + leaf.chain))


def _by_intermediate(authority: trustme.CA, shown: bool) -> Leaf:
    made = authority.create_child_ca().issue_cert(*NAMES)
    chain = [blob.bytes() for blob in made.cert_chain_pems]
    return Leaf(made.private_key_pem.bytes(), b"".join(chain if shown else chain[:1]))


def _built(
    authority: trustme.CA | None,
    *,
    key: PrivateKey | None = None,
    names: tuple[str, ...] = NAMES,
    common_name: str = "netconform",
    usage: x509.ObjectIdentifier | None = None,
) -> Leaf:
    """A leaf with its details; without an authority it is signed by itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    signer, issuer = _signer(authority) if authority is not None else (key, None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer is not None else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_today() - DAY)
        .not_valid_after(_today() + 365 * DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if issuer is not None:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]
        builder = builder.add_extension(identifier, critical=False)
    return Leaf(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
    )


def _signer(authority: trustme.CA) -> tuple[PrivateKey, x509.Certificate]:
    key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return key, x509.load_pem_x509_certificate(authority.cert_pem.bytes())


def _revocations(authority: trustme.CA, leaf: Leaf) -> bytes:
    key, issuer = _signer(authority)
    serial = x509.load_pem_x509_certificate(leaf.chain).serial_number
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_today() - DAY).build()
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]
    listed = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(_today() - DAY)
        .next_update(_today() + 365 * DAY)
        .add_revoked_certificate(entry)
        .add_extension(identifier, critical=False)
        .add_extension(x509.CRLNumber(1), critical=False)
        .sign(key, hashes.SHA256())
    )
    return listed.public_bytes(serialization.Encoding.PEM)


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
    "self-signed": lambda _: _built(None),
    "unknown-issuer": lambda _: _issued(trustme.CA()),
    "intermediate": lambda authority: _by_intermediate(authority, shown=True),
    "missing-intermediate": lambda authority: _by_intermediate(authority, shown=False),
    "common-name": lambda authority: _built(authority, names=(), common_name="localhost"),
    "wrong-purpose": lambda authority: _built(authority, usage=ExtendedKeyUsageOID.CLIENT_AUTH),
    "weak-key": lambda authority: _built(authority, key=rsa.generate_private_key(65537, 1024)),
    "revoked": _issued,
}

#: the leaves that a client has no reason to refuse
RIGHT = ("good", "intermediate")
#: how each leaf of a client's is made; its name is that of a person
PERSON = ("client@example.test",)
CLIENT_LEAVES: dict[str, Callable[[trustme.CA], Leaf]] = {
    "good": lambda authority: _issued(authority, PERSON),
    "expired": lambda authority: _issued(authority, PERSON, _today() - 30 * DAY, _today() - DAY),
    "unknown-issuer": lambda _: _issued(trustme.CA(), PERSON),
    "wrong-purpose": lambda authority: _built(authority, usage=ExtendedKeyUsageOID.SERVER_AUTH),
}
