"""Mutants of streams of texts."""

from __future__ import annotations

from pytest_netconform.reference_servers.jsonrpc import JsonRpcStream
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("a_text_a_read", breaks=["JR-stream-framing"], because="an answer to each of")
class ATextARead(JsonRpcStream):
    """Takes what arrives at a time for one text."""

    def on_data(self, data: bytes) -> None:
        self.take(data.strip())


@mutant("one_text_of_several", breaks=["JR-stream-framing"], because="an answer to each of 2 calls")
class OneTextOfSeveral(JsonRpcStream):
    """Looks for one text whenever something arrives."""

    def on_data(self, data: bytes) -> None:
        self.reader.feed(data)
        if (found := self.reader.next()) is not None:
            self.take(found.octets)


@mutant("texts_behind_dropped", breaks=["JR-stream-framing"], because="an answer to each of", framing="headers")
class TextsBehindDropped(JsonRpcStream):
    """Drops what it has when another text begins."""

    def on_data(self, data: bytes) -> None:
        if data.startswith(b"Content-Length"):
            self.reader = self.framing.reader()
        data = data[: data.find(b"Content-Length", 1)] if data.count(b"Content-Length") > 1 else data
        super().on_data(data)
