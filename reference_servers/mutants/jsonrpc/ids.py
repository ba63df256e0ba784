"""Mutants of ids and notifications (JSON-RPC 2.0 4, 4.1, 5)."""

from __future__ import annotations

from pytest_netconform.reference_servers.jsonrpc import Answers, Received
from pytest_netconform.reference_servers.jsonrpc.answers import Object
from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.wire.jsonrpc import parse_response


@mutant("id_stringified", breaks=["JR-id-types"], because="with the id 0")
class IdStringified(Answers):
    """Ids are strings in its tables."""

    def id_of(self, call: Received) -> object:
        return None if call.id is None else str(call.id)


@mutant("null_id_is_a_notification", breaks=["JR-id-types"], because="with the id null")
class NullIdIsANotification(Answers):
    """Does not tell null from nothing."""

    def is_notification(self, call: Object) -> bool:
        return call.get("id") is None


@mutant("empty_id_is_null", breaks=["JR-id-types"], because='with the id ""')
class EmptyIdIsNull(Answers):
    """Takes what is falsy for nothing."""

    def id_of(self, call: Received) -> object:
        return call.id or None


@mutant("object_id_echoed", breaks=["JR-id-invalid"], because="with the id null")
class ObjectIdEchoed(Answers):
    """Does not look at ids."""

    def is_id(self, value: object) -> bool:
        return True


@mutant("notifications_answered", breaks=["JR-notification", "JR-batch-notifications"], because="no answer")
class NotificationsAnswered(Answers):
    """Says what came of a notification, with the id null."""

    def unasked(self, call: Received, answer: object) -> object:
        return answer if not parse_response(answer).refused else None


@mutant("notification_errors_returned", breaks=["JR-notification-error"], because="no answer")
class NotificationErrorsReturned(Answers):
    """Keeps quiet about notifications unless something is wrong."""

    def unasked(self, call: Received, answer: object) -> object:
        return answer if parse_response(answer).refused else None
