"""SMTP: mutants of the order of commands."""

from tests.fuzz.stateful import Stateful

STATEFUL = Stateful(
    chapters=("order",),
    but={
        "ehlo_second_503": "503 is noted, not forbidden (SMTP-5321-4.1.4-b)",
        "noop_before_ehlo_503": "a SHOULD, which the model leaves open (SMTP-5321-4.1.4-a)",
        "mail_before_ehlo_250": "allowed; what it does with RCPT then is found, because the model follows the server",
    },
)
