"""Commands and what is answered (RFC 959 5.3, 5.4; RFC 1123 4.1; RFC 2389): verbs, types, state, features."""

from __future__ import annotations

import pytest

from pytest_netconform.codes import Code, fits
from pytest_netconform.dialogues.ftp import ORDERLY, Ftp, announcement
from pytest_netconform.requirement import MAY, MUST, SHOULD, needs, requirement, writes
from pytest_netconform.verdict import NonConformity
from pytest_netconform.wire.ftp import Features, Reply, parse_features

# RFC 1123 4.1.2.11: a server SHOULD use the codes of RFC 959; users go by the first digit.
ANOTHER_CODE = "another code than those of RFC 959 5.4, of the same meaning (RFC 1123 4.1.2.11)"
DONE: dict[Code, str] = {"2yz": ANOTHER_CODE}
REFUSED: dict[Code, str] = {"4yz": ANOTHER_CODE, "5yz": ANOTHER_CODE}
DIALLING = 6  # times the patience: in which a server may find that nobody listens at the default data port
NOT_THERE: tuple[Code, ...] = (500, 502)

# -- verbs


@requirement("FTP-959-5.3-a", MUST, "RFC 959 5.3", "Upper and lower case mean the same in verbs and in types.")
@pytest.mark.parametrize(
    ("command", "code"), [("pwd", 257), ("pWd", 257), ("tYpE i", 200), ("type I", 200)], ids=["low", "mix", "both", "i"]
)
def test_case_means_nothing(ftp: Ftp, command: str, code: Code) -> None:
    """A verb is served however it is written."""
    ftp.exchange(command, code, tolerated=DONE)


@requirement("FTP-959-4.2-e", MUST, "RFC 959 4.2, 5.4", "A word that is no command gets 500 or 502; the session stays.")
def test_unknown_verb(ftp: Ftp) -> None:
    """XYZZY is refused, and NOOP behind it accepted."""
    ftp.exchange("XYZZY", 500, 502, tolerated={"5yz": ANOTHER_CODE})
    ftp.alive()


@requirement("FTP-1123-4.1.3.1-a", SHOULD, "RFC 1123 4.1.3.1", "The X forms of the directory commands are served too.")
@writes
def test_older_spellings(ftp_directory: Ftp) -> None:
    """XMKD, XCWD, XPWD, XCUP and XRMD do what the forms without X do."""
    for command, codes in (("XMKD d", (257,)), ("XCWD d", (250, 200)), ("XPWD", (257,)), ("XCUP", (200, 250))):
        ftp_directory.exchange(command, *codes, tolerated=DONE)
    ftp_directory.exchange("XRMD d", 250, tolerated=DONE)


# -- types


@requirement("FTP-959-5.4-g", MUST, "RFC 959 3.1.1, 5.4, RFC 1123 4.1.2.1", "TYPE A, A N, I and L 8 are served.")
@pytest.mark.parametrize("type", ["A", "A N", "I", "L 8"])
def test_types(ftp: Ftp, type: str) -> None:
    """The types that every server has, in every form."""
    # Field notes: pyftpdlib 2.2 says 504 to A N; Twisted 501 to A N and 504 to L 8.
    ftp.exchange(f"TYPE {type}", 200, tolerated=DONE)


@requirement("FTP-959-5.4-h", MUST, "RFC 959 5.4", "A type that is refused changes nothing.")
@needs("passive")
@pytest.mark.parametrize("wrong", ["TYPE E", "TYPE Z", "TYPE"])
def test_a_refused_type_changes_nothing(ftp_files: Ftp, wrong: str) -> None:
    """A text file that is fetched in type I is the same octets before a refused TYPE and behind it."""
    ftp, name = ftp_files, ftp_files.text_file()
    ftp.given("TYPE I")
    before = ftp.fetch(name)
    ebcdic: tuple[Code, ...] = (200,) if wrong == "TYPE E" else ()  # where EBCDIC is served
    reply = ftp.exchange(wrong, 500, 501, 504, *ebcdic, tolerated={"5yz": ANOTHER_CODE})
    if reply.code == 200:
        ftp.note("EBCDIC is served")
        return
    after = ftp.done(ftp.retrieve(b"RETR " + name + b"\r\n")).data
    ftp.require(
        after == before, "the same octets of a text file behind a refused TYPE", f"{len(before)}, then {len(after)}"
    )


# -- answers


STATE: dict[str, tuple[Code, ...]] = {
    "ALLO 100": ("2yz", "5yz"),
    "SITE HELP": ("2yz", "5yz"),
    "SITE XYZZY": ("5yz", 202),
    "SMNT x": (202, 250, "5yz"),
    "STAT": (211,),
    "STAT .": (211, 212, 213),
}


@requirement("FTP-959-5.4-l", MUST, "RFC 959 5.4", "ALLO, SITE, SMNT and STAT are answered on the control connection.")
@pytest.mark.parametrize("command", list(STATE))
def test_answers_with_text(ftp: Ftp, command: str) -> None:
    """One reply, of a meaning that RFC 959 gives it, and no data connection."""
    # Field note: Twisted says 502 to STAT.
    expected = f"an answer to {command} on the control connection"
    ftp.send(command)
    reply = ftp.reply(expected)
    ftp.require(not reply.preliminary and reply.code != 425, expected, reply.raw)
    ftp.weigh(reply, *STATE[command], tolerated=DONE if command.startswith("STAT") else {})
    before = ftp.replies_until("QUIT", 221)
    if before:
        raise NonConformity(f"one reply to {command}", f"{1 + len(before)} replies", owed=True)


SMALL: dict[str, tuple[Code, ...]] = {
    "ACCT x": (202, 230, 501, 502, 503, 530),
    "HELP": (211, 214, 200),
    "STAT": (211,),
    "SYST": (215,),
    "NOOP": (200,),
}


@requirement(
    "FTP-1123-4.1.2.13-a", SHOULD, "RFC 1123 4.1.2.13", "ACCT, HELP, STAT, SYST and NOOP have the codes of RFC 959."
)
@pytest.mark.parametrize("command", list(SMALL))
def test_small_commands(ftp: Ftp, command: str) -> None:
    """Each is answered with one of its own codes."""
    noted: dict[Code, str] = {500: "ACCT is not known"} if command == "ACCT x" else {}
    ftp.exchange(command, *SMALL[command], noted=noted)


@requirement("FTP-1123-4.1.2.13-b", MUST, "RFC 1123 4.1.2.13", "None of the commands that every server has is unknown.")
@needs("passive")
@writes
def test_minimum_implementation(ftp_directory: Ftp) -> None:
    """Each, in order and with a valid argument, gets anything but 500 and 502: a policy may refuse it."""
    ftp, heard = ftp_directory, list[tuple[str, Reply]]()

    def say(command: str) -> None:
        ftp.send(command)
        heard.append((command.split(" ")[0], ftp.reply()))

    for command in ("TYPE I", "MODE S", "STRU F", "SYST", "STAT", "HELP", "NOOP", "PWD", "MKD d", "CWD d", "CDUP"):
        say(command)
    if ":" not in ftp.wire.here[0]:  # neither can say an address of IPv6
        say(announcement(ftp.listen(), "PORT"))
        say("PASV")
    for command in ("STOR f", "APPE f"):
        heard.append((command[:4], ftp.store(command, b"octets").reply))
    for command in ("RETR f", "LIST", "NLST"):
        heard.append((command[:4], ftp.retrieve(command).reply))
    for command in ("RNFR f", "RNTO g", "DELE g", "RMD d", "QUIT"):
        say(command)
    unknown = ", ".join(f"{verb} {reply.code}" for verb, reply in heard if fits(reply.code or 0, NOT_THERE))
    ftp.require(not unknown, "neither 500 nor 502 in answer to a command of the minimum", unknown)


# -- during a transfer, and without one


def _meanwhile(ftp: Ftp, command: str) -> Reply:
    """What is answered to a command that is said while a file is under way; the file arrives, and both are answered."""
    first, wire = ftp.begin(b"RETR " + ftp.large_file() + b"\r\n")
    ftp.weigh(first, "1yz", expected="125 or 150 in answer to RETR")
    assert wire is not None
    ftp.send(command)
    _, ending = ftp.drain(wire)
    wire.close()
    both = [ftp.reply(f"a last reply to RETR, and one to {command}") for _ in range(2)]
    last = [reply for reply in both if reply.code in (226, 250, 426, 451, 551)]
    others = [reply for reply in both if reply not in last]
    codes = ", ".join(str(reply.code) for reply in both)
    ftp.require(
        len(others) == 1 and last[0].code in (226, 250), f"226 or 250 for RETR, and one answer to {command}", codes
    )
    ftp.require(ending in ORDERLY, "an orderly end of the data", ending)
    return others[0]


@requirement("FTP-959-4.2-f", SHOULD, "RFC 959 4.2", "A command that comes during a transfer is kept, and answered.")
@needs("passive")
def test_a_command_during_a_transfer(ftp_files: Ftp) -> None:
    """NOOP gets its answer, before the last reply of the transfer or behind it; the file arrives."""
    # Field notes: pyftpdlib 2.2 answers at once, vsftpd 3.0 and ProFTPD 1.3.8 afterwards, Pure-FTPd 1.0.50 with 500.
    answer = _meanwhile(ftp_files, "NOOP")
    ftp_files.weigh(answer, 200, tolerated={"2yz": ANOTHER_CODE}, expected="200 in answer to NOOP during a transfer")
    ftp_files.alive()


@requirement("FTP-1123-4.1.3.3-a", SHOULD, "RFC 1123 4.1.3.3, RFC 959 4.1.3", "STAT may come during a transfer.")
@needs("passive")
def test_stat_during_a_transfer(ftp_files: Ftp) -> None:
    """STAT gets 211, at once or when the transfer is over; the file arrives."""
    answer = _meanwhile(ftp_files, "STAT")
    ftp_files.weigh(answer, 211, 213, 212, expected="211 in answer to STAT during a transfer")
    ftp_files.alive()


@requirement("FTP-959-5.4-p", MUST, "RFC 959 5.4", "RETR to nowhere is answered: a refusal, or 1yz and then 425.")
@needs("passive")
def test_retr_without_a_data_connection(ftp_files: Ftp) -> None:
    """Neither PORT nor PASV was said: nothing can be sent, and RETR says so."""
    # Field note: pyftpdlib 2.2 says 150 and then nothing.
    ftp, name = ftp_files, ftp_files.text_file()
    ftp.fetch(name)
    ftp.send(b"RETR " + name + b"\r\n")
    reply = ftp.reply()
    if reply.preliminary:  # to port U of the client, the default (3.3)
        reply = ftp.reply("425 behind 150 where nobody listens", within=DIALLING * ftp.target.patience)
    ftp.weigh(reply, "4yz", "5yz", expected="425 or another refusal of a RETR that has no data connection")
    ftp.alive()


# -- features


def _features(ftp: Ftp) -> Features:
    """What FEAT lists; the check does not apply where there is no FEAT."""
    ftp.send("FEAT")
    reply = ftp.reply()
    if reply.code in (500, 502, 530):
        ftp.not_applicable(f"FEAT is answered {reply.code}")
    ftp.weigh(reply, 211, expected="211 in answer to FEAT, or 500 or 502 where it is not known")
    return parse_features(reply)


def _well_formed(ftp: Ftp) -> None:
    features = _features(ftp)
    ftp.require(
        not features.deviations, "each feature of FEAT behind exactly one space", "; ".join(features.deviations)
    )
    ftp.alive()


@requirement("FTP-2389-3.2-a", MUST, "RFC 2389 3.2", "FEAT lists one feature a line behind one space, or is refused.")
def test_feat(ftp: Ftp) -> None:
    """The form of FEAT's lines after the login."""
    _well_formed(ftp)


@requirement("FTP-2389-3.2-a", MUST, "RFC 2389 3.2", "FEAT lists one feature a line behind one space, or is refused.")
def test_feat_before_login(ftp_greeted: Ftp) -> None:
    """The form of FEAT's lines before the login."""
    _well_formed(ftp_greeted)


@requirement("FTP-2389-3.2-a", MUST, "RFC 2389 3.2", "FEAT lists one feature a line behind one space, or is refused.")
def test_feat_takes_no_argument(ftp: Ftp) -> None:
    """FEAT with a word behind it is 501."""
    _features(ftp)
    passed_over = "the argument is passed over: vsftpd 3.0, Pure-FTPd 1.0.50"
    ftp.exchange("FEAT x", 501, "4yz", "5yz", noted={211: passed_over})
    ftp.alive()


def _honest(ftp: Ftp, feature: str, listed: bool, works: bool, reply: Reply) -> None:
    """Listed and works, or neither."""
    if not (listed or works):
        ftp.not_applicable(f"{feature} is not served")
    said = f"{feature} is {'' if listed else 'not '}listed, and answered"
    ftp.require(listed == works, f"FEAT to list {feature} exactly if it works", f"{said} {reply.code}")


@requirement(
    "FTP-2389-3.2-b",
    MUST,
    "RFC 2389 3.2, RFC 3659 3.3 4.3 5.4 7.8, RFC 4217 6",
    "FEAT lists the extensions that work, and only those.",
)
@pytest.mark.parametrize("feature", ["MDTM", "SIZE", "REST", "MLST"])
def test_feat_is_honest(ftp_files: Ftp, feature: str) -> None:
    """A command of RFC 3659 is listed exactly if it is served."""
    ftp, features = ftp_files, _features(ftp_files)
    command, code = {"REST": (b"REST 0", 350), "MLST": (b"MLST", 250)}.get(feature, (b"", 213))
    ftp.given("TYPE I")
    ftp.send((command or feature.encode() + b" " + ftp.text_file()) + b"\r\n")
    reply = ftp.reply()
    listed = feature in features
    if feature == "REST" and listed:
        mode = features.parameters("REST")
        ftp.require(mode.upper() == "STREAM", "REST STREAM in FEAT", f"REST {mode}")
    _honest(ftp, feature, listed, reply.code == code, reply)


@requirement(
    "FTP-2389-3.2-b",
    MUST,
    "RFC 2389 3.2, RFC 3659 3.3 4.3 5.4 7.8, RFC 4217 6",
    "FEAT lists the extensions that work, and only those.",
)
@pytest.mark.parametrize("feature", ["EPSV", "EPRT"])
def test_listed_address_commands_work(ftp: Ftp, feature: str) -> None:
    """EPSV and EPRT need no line in FEAT (RFC 2428 names none); one that is listed is known."""
    if feature not in _features(ftp):
        ftp.not_applicable(f"{feature} is not listed")
    command = "EPSV" if feature == "EPSV" else announcement(ftp.listen(), "EPRT")
    ftp.send(command)
    reply = ftp.reply()
    ftp.require(not fits(reply.code or 0, NOT_THERE), f"{feature}, which FEAT lists, to be known", reply.raw)


@requirement(
    "FTP-2389-3.2-b",
    MUST,
    "RFC 2389 3.2, RFC 3659 3.3 4.3 5.4 7.8, RFC 4217 6",
    "FEAT lists the extensions that work, and only those.",
)
@needs("TLS", "CLEAR")
def test_feat_lists_tls(ftp_greeted: Ftp) -> None:
    """AUTH TLS is listed exactly if it begins TLS."""
    listed = "TLS" in _features(ftp_greeted).parameters("AUTH").upper()
    ftp_greeted.send("AUTH TLS")
    reply = ftp_greeted.reply()
    _honest(ftp_greeted, "AUTH TLS", listed, reply.code == 234, reply)
    ftp_greeted.start_tls()


@requirement(
    "FTP-2389-3.2-b",
    MUST,
    "RFC 2389 3.2, RFC 3659 3.3 4.3 5.4 7.8, RFC 4217 6",
    "FEAT lists the extensions that work, and only those.",
)
@needs("TLS")
def test_feat_lists_protection(ftp_secure_account: Ftp) -> None:
    """PBSZ and PROT are listed exactly if they are served."""
    features = _features(ftp_secure_account)
    for command in ("PBSZ 0", "PROT P"):
        ftp_secure_account.send(command)
        reply = ftp_secure_account.reply()
        _honest(ftp_secure_account, command[:4], command[:4] in features, reply.code == 200, reply)


@requirement("FTP-2389-4-a", MUST, "RFC 2389 4", "OPTS for a command that has no options is 501.")
@pytest.mark.parametrize("command", ["OPTS XYZZY x", "OPTS"])
def test_opts_of_nothing(ftp: Ftp, command: str) -> None:
    """No success for options that nobody knows, and none without a word which."""
    _features(ftp)
    ftp.exchange(command, 501, 451, tolerated=REFUSED)
    ftp.alive()


@requirement("FTP-2640-4-a", MAY, "RFC 2640 4", "What LANG does, alone and with a language that is none.")
def test_lang(ftp: Ftp) -> None:
    """Recorded: the two codes."""
    codes = []
    for command in ("LANG", "LANG xx-bogus"):
        ftp.send(command)
        codes.append(str(ftp.reply().code))
    ftp.observe(", ".join(codes))


NOT_CHECKED: list[tuple[str, str]] = []
