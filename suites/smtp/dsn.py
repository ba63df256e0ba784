"""Requests for delivery status notifications (RFC 3461): parameters of MAIL and RCPT, taken only when valid."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement
from pytest_netconform.wire.smtp_commands import xtext_encoded

# Field note: OpenSMTPD answers an invalid NOTIFY with 553.
REFUSED_OTHERWISE: dict[Code, str] = {"5yz": "a refusal, though the code for this is 501"}


def _original(smtp: Smtp) -> str:
    return f"rfc822;{xtext_encoded(smtp.recipient)}"


@requirement("SMTP-3461-4-a", MUST, "RFC 3461 4.1 to 4.4, 5.1", "Valid RET, ENVID, NOTIFY and ORCPT change no answer.")
@needs("DSN", "?recipient")
@pytest.mark.parametrize(
    ("ret", "notify"), [("HDRS", "SUCCESS,FAILURE,DELAY"), ("full", "never")], ids=["upper-case", "lower-case"]
)
def test_dsn_parameters_are_taken(smtp: Smtp, ret: str, notify: str) -> None:
    """MAIL and RCPT that were accepted without the parameters are accepted with them."""
    smtp.given(MAIL, smtp.rcpt, "RSET")
    smtp.exchange(f"{MAIL} RET={ret} ENVID=QQ314159+3D", 250)
    smtp.exchange(f"{smtp.rcpt} NOTIFY={notify} ORCPT={_original(smtp)}", 250)
    smtp.exchange("QUIT", 221)


# The catalogue has MUST here; RFC 3461 5.1 (b) says that the server SHOULD answer an invalid value with 501.
@requirement("SMTP-3461-4.1-a", SHOULD, "RFC 3461 4.1, 5.1 (b)", "NOTIFY is NEVER alone, or a list of known words.")
@needs("DSN", "?recipient")
@pytest.mark.parametrize("value", ["NEVER,SUCCESS", "", "FOO"], ids=["never-combined", "empty", "unknown"])
def test_invalid_notify_is_refused(smtp: Smtp, value: str) -> None:
    """RCPT with a NOTIFY that the grammar does not allow is answered 501, and the session goes on."""
    smtp.given(MAIL, f"{smtp.rcpt} NOTIFY=NEVER")
    smtp.exchange(f"{smtp.rcpt} NOTIFY={value}", 501, noted=REFUSED_OTHERWISE)
    smtp.alive()


# RFC 3461 contradicts itself for MAIL: 4.5 says SHOULD, 5.1 (a) says MUST. The milder word is judged.
@requirement("SMTP-3461-4.5-a", SHOULD, "RFC 3461 4.5, 5.1", "A parameter that is given twice is answered 501.")
@needs("DSN")
@pytest.mark.parametrize(
    ("once", "again"), [("RET=FULL", "RET=HDRS"), ("ENVID=first", "ENVID=second")], ids=["ret", "envid"]
)
def test_mail_parameter_given_twice(smtp: Smtp, once: str, again: str) -> None:
    """RET and ENVID appear at most once in MAIL."""
    smtp.refuses(
        f"{MAIL} {once} {again}",
        501,
        noted=REFUSED_OTHERWISE,
        twin=[f"{MAIL} {once}", "RSET", f"{MAIL} {again}"],
        reset="RSET",
    )


@requirement("SMTP-3461-4.5-a", SHOULD, "RFC 3461 4.5, 5.1", "A parameter that is given twice is answered 501.")
@needs("DSN", "?recipient")
@pytest.mark.parametrize("keyword", ["NOTIFY", "ORCPT"], ids=["notify", "orcpt"])
def test_recipient_parameter_given_twice(smtp: Smtp, keyword: str) -> None:
    """NOTIFY and ORCPT appear at most once in RCPT."""
    once = {"NOTIFY": "NOTIFY=SUCCESS", "ORCPT": f"ORCPT={_original(smtp)}"}[keyword]
    again = {"NOTIFY": "NOTIFY=FAILURE", "ORCPT": once}[keyword]
    smtp.given(MAIL, f"{smtp.rcpt} {once}")
    smtp.exchange(f"{smtp.rcpt} {once} {again}", 501, noted=REFUSED_OTHERWISE)
    smtp.alive()


NOT_CHECKED: list[tuple[str, str]] = []
