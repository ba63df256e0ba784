"""The strict JSON-RPC 2.0 server, without input or output of its own; mutants are subclasses of its classes."""

from pytest_netconform.reference_servers.jsonrpc.answers import Answers
from pytest_netconform.reference_servers.jsonrpc.config import METHODS, JsonRpcConfig, Received, RpcError
from pytest_netconform.reference_servers.jsonrpc.session import JsonRpcHttp, JsonRpcStream

__all__ = ["METHODS", "Answers", "JsonRpcConfig", "JsonRpcHttp", "JsonRpcStream", "Received", "RpcError"]
