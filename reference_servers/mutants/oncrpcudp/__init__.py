"""Mutants of ONC RPC over UDP: all that are wrong about calls, and those of datagrams."""

from pytest_netconform.reference_servers.mutants.oncrpc import arguments, credentials, messages, portmapper, values

#: Modules whose mutants are tried here too.
ALSO = (messages, credentials, arguments, values, portmapper)
