"""The order of commands (RFC 5321 3.3, 4.1.4): what is out of order is refused, and the session goes on."""

from __future__ import annotations

from pytest_netconform.dialogues.smtp import MAIL, Smtp
from pytest_netconform.requirement import MUST, needs, requirement


@requirement("SMTP-5321-4.1.4-d", MUST, "RFC 5321 4.1.4", "RCPT with no MAIL before it is answered 503.")
@needs("?recipient")
def test_rcpt_before_mail(smtp: Smtp) -> None:
    """A recipient before any sender is out of order, and the session goes on."""
    smtp.refuses(smtp.rcpt, 503, twin=[MAIL, smtp.rcpt], reset="RSET")


NOT_CHECKED: list[tuple[str, str]] = []
