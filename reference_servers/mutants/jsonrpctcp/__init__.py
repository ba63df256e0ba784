"""Mutants of JSON-RPC over TCP: all that are wrong about texts, and those of streams."""

from pytest_netconform.reference_servers.mutants.jsonrpc import batches, calls, errors, ids, values

#: Modules whose mutants are tried here too.
ALSO = (calls, ids, errors, batches, values)
