"""The authority: good leaves are accepted, and every bad one is refused for the reason that its name says."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from collections.abc import Iterator

import pytest

from pytest_netconform.ca import CLIENT_LEAVES, LEAVES, NAMES, RIGHT, VARIABLES, Authority
from pytest_netconform.reference_servers.host import Loop, serving
from pytest_netconform.reference_servers.mutants.hosts import HOST_MUTANTS
from pytest_netconform.reference_servers.session import Session

PATIENCE = 10.0  # seconds for what is owed; never used up when all is well
REASONS = {
    "wrong-host": "certificate is not valid for",
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "self-signed": "self-signed certificate|self signed certificate",
    "unknown-issuer": "unable to get local issuer certificate",
    "missing-intermediate": "unable to get local issuer certificate",
    "common-name": "certificate is not valid for",
    "wrong-purpose": "unsuitable certificate purpose|unsupported certificate purpose",
    "weak-key": "key too weak|EE_KEY_TOO_SMALL",
    "revoked": "certificate revoked",
}


class Greeting(Session):
    def on_open(self) -> None:
        self.send(b"hello\n")


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def greeting(loop: Loop, tls: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bytes:
    with (
        serving(Greeting, tls=tls, implicit_tls=True, loop=loop) as server,
        socket.create_connection(server.address, timeout=PATIENCE) as plain,
        client.wrap_socket(plain, server_hostname=name) as secured,
    ):
        return secured.recv(6)


@pytest.mark.parametrize("name", NAMES)
def test_a_good_leaf_is_accepted_under_its_names(loop: Loop, authority: Authority, name: str) -> None:
    """Also by a client that is strict about RFC 5280's forms."""
    client = authority.client_context()
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    assert greeting(loop, authority.server_context(), client, name) == b"hello\n"


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if leaf not in RIGHT])
@pytest.mark.parametrize("name", NAMES)
def test_a_bad_leaf_is_refused_for_its_reason(loop: Loop, authority: Authority, leaf: str, name: str) -> None:
    """A verifying client refuses it, and for nothing else."""
    with pytest.raises(ssl.SSLCertVerificationError, match=REASONS[leaf]):
        client = authority.client_context(revocations=leaf == "revoked")
        greeting(loop, authority.server_context(leaf), client, name)


def test_a_leaf_by_way_of_another_authority_is_accepted(loop: Loop, authority: Authority) -> None:
    """What is shown leads to the authority; and who looks for revocations finds none of the good leaf."""
    assert greeting(loop, authority.server_context("intermediate"), authority.client_context(), "localhost")
    assert greeting(loop, authority.server_context(), authority.client_context(revocations=True), "localhost")


def test_a_revoked_leaf_is_accepted_by_who_does_not_look(loop: Loop, authority: Authority) -> None:
    """Nothing is wrong about it but what stands in the list."""
    assert greeting(loop, authority.server_context("revoked"), authority.client_context(), "localhost")


@pytest.mark.parametrize("leaf", [None, *CLIENT_LEAVES])
def test_clients_are_asked_for_a_certificate(loop: Loop, authority: Authority, leaf: str | None) -> None:
    """The good one is accepted, and nothing else."""
    server, client = authority.server_context(client_certificates=True), authority.client_context(leaf)
    client.maximum_version = ssl.TLSVersion.TLSv1_2  # where the client hears in the handshake that it is refused
    if leaf == "good":
        assert greeting(loop, server, client, "localhost") == b"hello\n"
        return
    with pytest.raises((ssl.SSLError, ConnectionError)):
        greeting(loop, server, client, "localhost")


def test_files_and_variables(authority: Authority) -> None:
    """For programs that read them."""
    assert authority.client_certificate_file().read_bytes() == authority.client_leaf().chain
    assert authority.client_key_file().stat().st_mode & 0o777 == 0o600
    assert b"X509 CRL" in authority.revocations_file().read_bytes()
    assert authority.environment() == dict.fromkeys(VARIABLES, str(authority.authority_file()))


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_leaf_serves_a_client_that_does_not_look(loop: Loop, authority: Authority, leaf: str) -> None:
    """So a client that is content with a bad one can be found out."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_ciphers("DEFAULT:@SECLEVEL=0")
    assert greeting(loop, authority.server_context(leaf), client, "localhost") == b"hello\n"


@pytest.mark.parametrize("mutant", [mutant for mutant in HOST_MUTANTS if mutant.leaf != "good"], ids=lambda m: m.name)
def test_certificate_mutants_are_refused_for_their_reason(loop: Loop, authority: Authority, mutant: object) -> None:
    """What a mutant says of itself is what a verifying client says of it."""
    found = next(each for each in HOST_MUTANTS if each is mutant)
    with pytest.raises(ssl.SSLCertVerificationError, match=found.because):
        greeting(loop, authority.server_context(found.leaf), authority.client_context(), "localhost")


def test_old_versions_are_refused(loop: Loop, authority: Authority) -> None:
    """Neither side speaks TLS below 1.2."""
    assert authority.server_context().minimum_version == ssl.TLSVersion.TLSv1_2
    assert authority.client_context().minimum_version == ssl.TLSVersion.TLSv1_2


def test_files_are_there_while_the_authority_is_open() -> None:
    """Paths hold what the values hold, keys are private, and closing removes the directory with all that is in it."""
    with Authority() as authority:
        paths = [authority.authority_file(), authority.certificate_file(), authority.key_file()]
        leaf = authority.leaf()
        assert [path.read_bytes() for path in paths] == [authority.pem, leaf.chain, leaf.key]
        assert stat.S_IMODE(paths[2].stat().st_mode) == 0o600
        assert stat.S_IMODE(paths[2].parent.stat().st_mode) == 0o700
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(paths[1], paths[2])
        assert authority.key_file() == paths[2]
    assert not paths[0].parent.exists()
    assert authority.key_file().read_bytes() == leaf.key
    authority.close()


def test_what_nobody_closes_is_removed_all_the_same() -> None:
    """An authority that is forgotten takes its files with it."""
    authority = Authority()
    path = authority.key_file()
    del authority
    assert not path.parent.exists()


def test_things_are_made_once(authority: Authority) -> None:
    """The same leaf and context every time; a client's context is its own."""
    assert authority.leaf("expired") is authority.leaf("expired")
    assert authority.server_context() is authority.server_context()
    assert authority.client_context() is not authority.client_context()
    with pytest.raises(KeyError):
        authority.leaf("unheard-of")


def test_two_threads_get_one_authority() -> None:
    """A server's thread and a client's that ask first at the same moment meet the same authority."""
    for _ in range(5):
        with Authority() as authority:
            seen: list[bytes] = []
            threads = [threading.Thread(target=lambda a=authority, seen=seen: seen.append(a.pem)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(set(seen)) == 1
