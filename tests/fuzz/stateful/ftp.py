"""FTP: mutants of files, of who gets in, of data connections and of transfers."""

from tests.fuzz.stateful import Stateful

_SHOULD = "a SHOULD, which the model leaves open"
_ACTIVE = "the walk opens data connections, and never waits for one"

STATEFUL = Stateful(
    chapters=("files", "access", "connections", "transfers"),
    but={
        "pwd_quote_not_doubled": f"{_SHOULD} (FTP-959-II-a)",
        "default_type_image": "type A that converts nothing is tolerated (FTP-959-5.1-a)",
        "user_without_pass_230": "230 to USER is noted, not forbidden (FTP-959-5.4-b)",
        "no_login_limit": "wrong passwords are tried twice on a connection, so that nobody is sent away",
        "login_limit_without_421": "legal, by its own words; and see no_login_limit",
        "user_enumeration": "530 to an unknown name is tolerated (FTP-2577-7-a)",
        "anonymous_may_write": "what anonymous users may do is the server's choice (FTP-959-5.4-u)",
        "quit_cuts_transfer": f"{_SHOULD} (FTP-959-4.1.1-c)",
        "quit_before_226": f"{_SHOULD} (FTP-959-4.1.1-c)",
        "pasv_first_port_stays": "a port that was given up may stay open (FTP-959-4.1.2-c)",
        "epsv_522_without_list": "any refusal is tolerated (FTP-2428-3-b)",
        "data_accept_blocks_control_forever": "a SHOULD, about minutes of waiting (FTP-959-5.4-q)",
        "eprt_delimiter_fixed": _ACTIVE,
        "eprt_port_wraps": _ACTIVE,
        "eprt_af9_200": _ACTIVE,
        "data_from_other_address": _ACTIVE,
        "port_octet_wraps": _ACTIVE,
    },
)
