"""Datagrams of any dialect: mutants of their boundaries, of requests under way, and of too much for an answer."""

from tests.fuzz.stateful import Stateful

_PORT = "about the port that is asked from, which only root gets"

STATEFUL = Stateful(
    chapters=("messages", "outstanding", "abuse"),
    but={
        "recvfrom_1024": "recorded, or a SHOULD (UDP-768-max, UDP-768-trunc-detect)",
        "recvfrom_2048": "recorded, or a SHOULD (UDP-768-max, UDP-768-trunc-detect)",
        "older_id_is_dropped": "a SHOULD (UDP-reorder)",
        "long_reply_sent": "a SHOULD (UDP-oversize-reply)",
        "total_is_zero": "about the numbers in memcached's frame, of which the dialect knows one",
        "upper_answers_services": _PORT,
        "daytime_answers_services": _PORT,
        "errors_to_services": _PORT,
        "echo_answers_services": _PORT,
    },
)
