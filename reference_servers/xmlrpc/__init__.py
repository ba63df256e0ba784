"""The strict XML-RPC server, without input or output of its own; mutants are subclasses of its classes."""

from pytest_netconform.reference_servers.xmlrpc.answers import Answers
from pytest_netconform.reference_servers.xmlrpc.config import METHODS, Received, RpcFault, XmlRpcConfig
from pytest_netconform.reference_servers.xmlrpc.session import XmlRpcHttp

__all__ = ["METHODS", "Answers", "Received", "RpcFault", "XmlRpcConfig", "XmlRpcHttp"]
