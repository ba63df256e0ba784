"""POP3: mutants of the maildrop, of what a session leaves to the next one, of the login, and of commands in states."""

from tests.fuzz.stateful import Stateful

_REFUSED = "a refused login is left open: a maildrop may be in use (RFC 1939 4)"

STATEFUL = Stateful(
    chapters=("maildrop", "sessions", "login", "commands"),
    but={
        "lock_missing": "recorded, not judged (POP3-GEN-CON-f): a walk is one client at a time",
        "pass_split_at_space": _REFUSED,
        "apop_right_digest_refused": _REFUSED,
        "name_kept_over_capa": "noted, not forbidden: Dovecot does it (POP3-1939-7-e)",
        "user_enumeration": "a SHOULD about words (POP3-1939-7-f)",
        "auth_code_missing": "a SHOULD about words (POP3-1939-7-f)",
        "odd_spaces_taken": "recorded, not judged (POP3-1939-3-h)",
    },
)
