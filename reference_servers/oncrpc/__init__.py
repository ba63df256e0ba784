"""The strict ONC RPC server, sans-IO: NULL, an echo program, and version 2 of the port mapper.

`Calls` makes replies of messages; `RpcStream` carries them in records, `RpcDatagrams` in datagrams. Mutants are made by
subclassing one of the three.
"""

from pytest_netconform.reference_servers.oncrpc.calls import Calls
from pytest_netconform.reference_servers.oncrpc.config import ECHO_PROGRAM, ECHO_VERSION, ECHOES, RpcConfig
from pytest_netconform.reference_servers.oncrpc.session import RpcDatagrams, RpcStream

__all__ = ["ECHOES", "ECHO_PROGRAM", "ECHO_VERSION", "Calls", "RpcConfig", "RpcDatagrams", "RpcStream"]
