"""RFC 3659: sizes, times, restarts and facts about files, in forms that programs can rely on."""

from __future__ import annotations

import re

import pytest

from pytest_netconform.codes import Code
from pytest_netconform.dialogues.ftp import Ftp, Transfer, pattern, scratch_names
from pytest_netconform.requirement import MUST, SHOULD, needs, requirement, writes
from pytest_netconform.verdict import Inconclusive, NonConformity
from pytest_netconform.wire.ftp import FormProblem, Reply
from pytest_netconform.wire.ftp_listings import Entry, parse_entry, parse_time

NEAR = 300.0  # seconds by which two clocks may differ
QUARTER = 900.0  # seconds; time zones are whole multiples of it
TYPES = re.compile(r"file|dir|cdir|pdir|OS\.[!-:<-~]+", re.IGNORECASE)
HUGE = "9" * 20  # a number that no file's size comes near
BEYOND = 10
_DIGITS = re.compile(rb"[0-9]+")


def _retr(ftp: Ftp, name: bytes) -> Transfer:
    return ftp.retrieve(b"RETR " + name + b"\r\n")


def _value(ftp: Ftp, command: str, name: bytes) -> bytes:
    """What a 213 of one line says behind its code and one space."""
    reply = ftp.exchange(command.encode() + b" " + name + b"\r\n", 213)
    ftp.require(len(reply.lines) == 1, f"one line in answer to {command}", reply.raw)
    return reply.lines[0]


def _size(ftp: Ftp, name: bytes) -> int:
    text = _value(ftp, "SIZE", name)
    ftp.require(_DIGITS.fullmatch(text), "213, a space and a number in answer to SIZE", b"213 " + text)
    return int(text)


# -- names


@requirement("FTP-3659-2.2.2-a", MUST, "RFC 3659 2.2.2", "Pathnames are literal: a star stands for nothing but itself.")
@needs("SIZE", "passive")
@pytest.mark.parametrize("verb", ["SIZE", "MDTM", "MLST"])
def test_stars_are_literal(ftp_files: Ftp, verb: str) -> None:
    """A name with a star, which no file has, is refused; the file that a pattern would find is there."""
    ftp = ftp_files
    ftp.target.require(verb)
    name = ftp.text_file()
    ftp.given("TYPE I", verb.encode() + b" " + name + b"\r\n")
    folder, slash, last = name.rpartition(b"/")
    ftp.exchange(verb.encode() + b" " + folder + slash + last[: max(1, len(last) - 2)] + b"*\r\n", "4yz", "5yz")
    ftp.alive()


# -- MDTM


@requirement("FTP-3659-3-a", MUST, "RFC 3659 2.3, 3", "MDTM is answered 213 with fourteen digits that say UTC.")
@needs("MDTM", "passive")
@writes
def test_mdtm(ftp_directory: Ftp) -> None:
    """A file that was just stored is not older than five minutes; of a missing one there is no time."""
    ftp = ftp_directory
    ftp.put("f", b"nc")
    text = _value(ftp, "MDTM", b"f").decode("latin-1")
    try:
        modified = parse_time(text).timestamp()
    except FormProblem as problem:
        raise NonConformity("213, a space and a time-val in answer to MDTM", f"213 {text}: {problem}") from None
    ahead = modified - ftp.today()
    if abs(ahead) > NEAR:
        zones = round(ahead / QUARTER)
        if abs(ahead - zones * QUARTER) > NEAR or abs(zones) > 14 * 4:
            raise Inconclusive(f"the clocks differ by {abs(ahead):.0f} s")
        # field: vsftpd 3.0.3 with use_localtime=YES
        raise NonConformity("the time of now in UTC in answer to MDTM", f"213 {text}, {zones * 15} min off: local time")
    ftp.exchange("MDTM nosuch", "4yz", "5yz")
    ftp.alive()


# -- SIZE


@requirement("FTP-3659-4-a", MUST, "RFC 3659 4", "SIZE is answered 213 with the exact number of octets.")
@needs("SIZE", "passive")
def test_size(ftp_files: Ftp) -> None:
    """The number is that of a transfer in type I; what is missing and what is a directory has none."""
    ftp = ftp_files
    name = ftp.text_file()
    ftp.given("TYPE I")
    content = ftp.fetch(name)
    size = _size(ftp, name)
    ftp.require(size == len(content), f"213 {len(content)} in answer to SIZE, as RETR sends", f"213 {size}")
    ftp.exchange(f"SIZE {ftp.fresh()}", "4yz", "5yz")
    ftp.exchange(b"SIZE " + ftp.working_directory() + b"\r\n", "4yz", "5yz")


@requirement("FTP-3659-4-b", MUST, "RFC 3659 4", "SIZE is exact for the type that is set, or refused.")
@needs("SIZE", "passive")
def test_size_in_ascii_type(ftp_files: Ftp) -> None:
    """In type A it counts what a transfer in type A sends."""
    # field: ProFTPD 1.3.8 and pyftpdlib 2.2.0 550; Pure-FTPd 1.0.50 counts as in type I
    ftp = ftp_files
    name = ftp.text_file()
    ftp.given("TYPE I", b"SIZE " + name + b"\r\n", "TYPE A")
    sent = len(ftp.fetch(name))
    ftp.send(b"SIZE " + name + b"\r\n")
    reply = ftp.reply()
    if reply.code != 213:
        ftp.weigh(reply, "4yz", "5yz", expected=f"213 {sent} in answer to SIZE in type A, or a refusal")
        ftp.note("no SIZE in type A")
        return
    ftp.require(reply.text == str(sent), f"213 {sent} in answer to SIZE in type A, as RETR sends", reply.raw)


# -- REST


@requirement("FTP-3659-5-a", MUST, "RFC 3659 5.3", "REST moves the beginning of the next RETR, and of no other.")
@needs("REST", "passive")
def test_rest_before_retr(ftp_files: Ftp) -> None:
    """The first RETR begins where REST says, the second with the first octet."""
    ftp = ftp_files
    name = ftp.text_file()
    ftp.given("TYPE I")
    content = ftp.fetch(name)
    place = min(100, len(content) // 2)
    via = ftp.passive()  # before REST: other commands may make a server forget the marker
    ftp.exchange(f"REST {place}", 350)
    rest = ftp.done(ftp.retrieve(b"RETR " + name + b"\r\n", via)).data
    ftp.require(rest == content[place:], f"the file from octet {place} on", rest)
    again = ftp.done(_retr(ftp, name)).data
    ftp.require(again == content, "the whole file when nothing was said about REST", again)


@requirement("FTP-3659-5-b", MUST, "RFC 3659 5.3", "REST takes digits and nothing else.")
@needs("REST")
@pytest.mark.parametrize("wrong", ["REST abc", "REST -5", "REST"], ids=["word", "negative", "nothing"])
def test_rest_takes_digits(ftp: Ftp, wrong: str) -> None:
    """Zero is accepted; a word, a negative number and nothing are refused."""
    note = "what is no number is taken for 0"  # field: vsftpd 3.0.3
    ftp.given("TYPE I", "REST 0")
    ftp.exchange(wrong, "4yz", "5yz", tolerated={350: note})
    ftp.alive()


@requirement("FTP-3659-5-b", MUST, "RFC 3659 5.3", "REST takes digits and nothing else.")
@needs("REST", "passive")
def test_rest_of_a_huge_number(ftp_files: Ftp) -> None:
    """A number that no file reaches is refused, at once or by RETR, or leads to nothing; the session stays in step."""
    ftp = ftp_files
    name = ftp.text_file()
    ftp.given("TYPE I", "REST 0")
    content = ftp.fetch(name)
    via = ftp.passive()
    ftp.send(f"REST {HUGE}")
    ftp.expect(350, "4yz", "5yz")
    ftp.retrieve(b"RETR " + name + b"\r\n", via)
    again = ftp.done(_retr(ftp, name)).data
    ftp.require(again == content, "the whole file behind it", again)
    ftp.alive()


@requirement("FTP-3659-5-c", MUST, "RFC 3659 5.3", "REST before STOR leaves what stands before the marker.")
@needs("REST", "passive")
@writes
def test_rest_before_stor(ftp_directory: Ftp) -> None:
    """Five octets that are stored at the end of 1000 make 1005."""
    ftp, old, new = ftp_directory, pattern(1000), b"XYZ12"
    ftp.put("f", old)
    via = ftp.passive()
    ftp.exchange(f"REST {len(old)}", 350)
    ftp.done(ftp.store("STOR f", new, via))
    kept = ftp.done(ftp.retrieve("RETR f")).data
    if kept != old + new:
        received = f"{len(kept)} octets, the first {len(old)} {'kept' if kept[: len(old)] == old else 'lost'}"
        ftp.require(False, f"{len(old) + len(new)} octets: the old ones, then the new ones", received)


@requirement("FTP-3659-5-d", SHOULD, "RFC 3659 5.3", "A marker beyond the end is refused when the transfer begins.")
@needs("REST", "passive")
def test_rest_beyond_the_end(ftp_files: Ftp) -> None:
    """RETR is refused, or sends nothing."""
    # field: vsftpd 3.0.3, inetutils-ftpd and linux-ftpd send nothing, 226
    ftp = ftp_files
    name = ftp.text_file()
    ftp.given("TYPE I")
    beyond = len(ftp.fetch(name)) + BEYOND
    via = ftp.passive()
    ftp.send(f"REST {beyond}")
    if ftp.expect(350, "4yz", "5yz").code != 350:
        ftp.note("refused by REST already")
        ftp.alive()
        return
    got = ftp.retrieve(b"RETR " + name + b"\r\n", via)
    expected = "a refusal of RETR beyond the end"
    ftp.weigh(got.reply, "4yz", "5yz", noted={"2yz": "an empty transfer beyond the end"}, expected=expected)
    ftp.require(not got.data, "no data beyond the end", got.data)
    ftp.alive()


# -- MLST and MLSD


def _entry(ftp: Ftp, line: bytes, verb: str) -> Entry:
    """One entry, in the form that RFC 3659 7.2 gives it."""
    try:
        entry = parse_entry(line)
    except FormProblem as problem:
        raise NonConformity(f"facts, a space and a pathname in {verb}", f"{ftp._shown(line)}: {problem}") from None
    wrong = list(entry.deviations)
    if "type" in entry.facts and not TYPES.fullmatch(entry.facts["type"]):
        wrong.append(f"type={entry.facts['type']}")
    if "size" in entry.facts and not re.fullmatch("[0-9]+", entry.facts["size"]):
        wrong.append(f"size={entry.facts['size']}")
    if "modify" in entry.facts:
        try:
            parse_time(entry.facts["modify"])
        except FormProblem as problem:
            wrong.append(str(problem))
    ftp.require(not wrong, f"facts as RFC 3659 7.5 writes them in {verb}", f"{ftp._shown(line)}: {', '.join(wrong)}")
    return entry


def _mlsd(ftp: Ftp, command: str = "MLSD") -> list[Entry]:
    """A listing, all of which is entries."""
    data = ftp.done(ftp.retrieve(command)).data
    lines = data.split(b"\r\n")
    loose = lines.pop() or b"".join(lines)
    complete = data.endswith(b"\r\n") or not data
    strays = [line for line in lines if b"\r" in line or b"\n" in line]
    ftp.require(complete and not strays, "one CR LF behind every line of MLSD", strays[0] if strays else loose)
    return [_entry(ftp, line, "MLSD") for line in lines]


def _mlst(ftp: Ftp, name: bytes) -> tuple[Reply, list[Entry]]:
    """The answer to MLST: one line and more inside, a space before each."""
    reply = ftp.exchange(b"MLST " + name + b"\r\n", 250)
    inner = list(reply.lines[1:-1])
    ftp.require(inner, "250- and a line of facts in answer to MLST", reply.raw)
    ftp.require(all(line.startswith(b" ") for line in inner), "a space before the facts of MLST", reply.raw)
    return reply, [_entry(ftp, line[1:], "MLST") for line in inner]


def _bare(entries: list[Entry]) -> set[bytes]:
    """The names of entries, but for the directory itself and its parent."""
    return set(scratch_names([entry.name for entry in entries if entry.kind not in ("cdir", "pdir")]))


@requirement("FTP-3659-7.2-a", MUST, "RFC 3659 7.2", "MLST is answered on the control connection, behind 250- a line.")
@needs("MLST", "passive")
def test_mlst(ftp_files: Ftp) -> None:
    """One space, facts, a space, and the name as it was said or the whole path."""
    ftp = ftp_files
    name = ftp.text_file()
    ftp.given("TYPE I")
    ftp.fetch(name)
    reply, entries = _mlst(ftp, name)
    if len(entries) > 1:
        ftp.note("MLST of a file has several lines")
    last = name.rpartition(b"/")[2]
    fit = all(entry.name.rpartition(b"/")[2] == last for entry in entries)
    ftp.require(fit, f"the name of the file in MLST: {last.decode('ascii', 'backslashreplace')}", reply.raw)
    ftp.exchange(f"MLST {ftp.fresh()}", "4yz", "5yz")


@requirement("FTP-3659-7.2-b", MUST, "RFC 3659 7.2, 7.5", "MLSD holds one entry a line, and facts in their forms.")
@needs("MLST", "passive")
@writes
@pytest.mark.parametrize("command", ["MLSD", "MLSD d"], ids=["here", "there"])
def test_mlsd(ftp_directory: Ftp, command: str) -> None:
    """The files are there, and nothing but entries; sizes and times agree with SIZE and MDTM."""
    ftp, folder = ftp_directory, "d/" if command.endswith("d") else ""
    ftp.given("MKD d", f"MKD {folder}inner")
    ftp.put(f"{folder}f", b"nc" * 50)
    listing = _mlsd(ftp, command)
    expected = {b"f", b"inner"} | (set() if folder else {b"d"})
    names = _bare(listing)
    ftp.require(names == expected, f"the names in {command}, octet for octet", b", ".join(sorted(names)))
    facts = next(entry.facts for entry in listing if entry.name.rpartition(b"/")[2] == b"f")
    for fact, verb in (("size", "SIZE"), ("modify", "MDTM")):
        if fact in facts and verb in ftp.target.claims:
            said = _value(ftp, verb, f"{folder}f".encode()).decode("latin-1")
            if said.partition(".")[0] != facts[fact].partition(".")[0]:
                ftp.note(f"{fact} in MLSD is not what {verb} says")
    kinds = {entry.name.rpartition(b"/")[2]: entry.kind for entry in listing}
    typed = {kind for kind in (kinds[b"f"], kinds[b"inner"]) if kind}
    ftp.require(not typed or [kinds[b"f"], kinds[b"inner"]] == ["file", "dir"], "type=file and type=dir", kinds)


@requirement("FTP-3659-7.2-c", SHOULD, "RFC 3659 7.2.1", "MLSD of a file is refused with 501, of nothing with 550.")
@needs("MLST", "passive")
@pytest.mark.parametrize(("what", "code"), [("file", 501), ("missing", 550)], ids=["file", "missing"])
def test_mlsd_of_what_is_no_directory(ftp_files: Ftp, what: str, code: int) -> None:
    """A directory is listed; a file and a missing name are refused, each with its own code."""
    # field: pyftpdlib 2.2.0 501 to both; ProFTPD 1.3.8 and Pure-FTPd 1.0.50 550 to both
    ftp = ftp_files
    name = ftp.text_file()
    ftp.names("MLSD")
    listing = ftp.retrieve(b"MLSD " + (name if what == "file" else ftp.fresh().encode()) + b"\r\n")
    others: dict[Code, str] = {"4yz": "another code", "5yz": "another code"}
    ftp.weigh(listing.reply, code, tolerated=others, expected=f"{code} in answer to MLSD of what is no directory")
    ftp.require(not listing.data, "no data behind it", listing.data)
    ftp.alive()


@requirement("FTP-3659-7.2-d", MUST, "RFC 3659 7.2", "MLSD is the same in every type, and changes none.")
@needs("MLST", "passive")
def test_mlsd_and_types(ftp_files: Ftp) -> None:
    """The names are the same in types A and I, and files travel in the type that was set."""
    ftp = ftp_files
    name = ftp.text_file()
    ftp.given("TYPE I")
    content = ftp.fetch(name)
    ftp.given("TYPE A")
    lines = ftp.fetch(name)  # whatever ASCII type does here
    text = _bare(_mlsd(ftp))
    data = ftp.done(_retr(ftp, name)).data
    ftp.require(data == lines, "the file in type A behind MLSD as before it", data)
    ftp.given("TYPE I")
    image = _bare(_mlsd(ftp))
    differ = {n for n in text ^ image if not n.startswith(b"nc")}  # other checks come and go
    ftp.require(not differ, "the same names in types A and I", b", ".join(sorted(differ)))
    data = ftp.done(_retr(ftp, name)).data
    ftp.require(data == content, "the file's octets in type I behind MLSD", data)


@requirement("FTP-3659-7.5-a", MUST, "RFC 3659 7.5.1.2, 7.5.1.4", "Without the type fact no directory lists itself.")
@needs("MLST", "passive")
@writes
def test_cdir_needs_the_type_fact(ftp_directory: Ftp) -> None:
    """When size alone was chosen, MLSD has neither the directory nor its parent."""
    # field: ProFTPD 1.3.8 lists . and ..
    ftp = ftp_directory
    ftp.given("MKD d", "CWD d")
    ftp.put("f", b"nc")
    here = ftp.working_directory()
    ftp.given("OPTS MLST type;size;")
    if b"f" not in _bare(_mlsd(ftp)):
        raise Inconclusive("prerequisite not met: no f in MLSD")
    ftp.given("OPTS MLST size;")
    entries = _mlsd(ftp)
    if any("type" in entry.facts for entry in entries):
        ftp.not_applicable("the type fact stays, whatever OPTS MLST says")  # field: Pure-FTPd 1.0.50
    names = [entry.name for entry in entries]
    above = here.rpartition(b"/")[0] or b"/"
    itself = [name for name in names if name in (b".", b"..", here, above)]
    ftp.require(not itself, "neither the directory nor its parent in MLSD without type", b", ".join(itself))
    ftp.require(_bare(entries) == {b"f"}, "the file in MLSD without type", b", ".join(names))


@requirement("FTP-3659-7.9-a", MUST, "RFC 3659 7.8, 7.9", "OPTS MLST chooses the facts, and says which it took.")
@needs("MLST", "passive")
@writes
def test_facts_are_chosen(ftp_directory: Ftp) -> None:
    """MLSD has the chosen facts only, FEAT puts its stars on them, and an empty choice leaves bare names."""
    # field: Pure-FTPd 1.0.50 ignores the list, and 504 to OPTS MLST alone
    ftp = ftp_directory
    ftp.put("f", b"nc")
    known = {fact.rstrip("*").lower() for fact in _shown_facts(ftp)}
    chosen = {"type", "size"} & known
    said = _chosen(ftp, "OPTS MLST type;size;")
    ftp.require(said == chosen, f"the facts that were chosen in the 200: {', '.join(sorted(chosen))}", said)
    given = {fact for entry in _mlsd(ftp) for fact in entry.facts}
    ftp.require(given <= chosen, "the chosen facts in MLSD, and no others", given)
    stars = {fact[:-1].lower() for fact in _shown_facts(ftp) if fact.endswith("*")}
    ftp.require(stars == chosen, "a star on each chosen fact in FEAT, and on no other", stars)
    nothing = _chosen(ftp, "OPTS MLST")
    ftp.require(not nothing, "no facts in the 200 behind OPTS MLST alone", nothing)
    reply, entries = _mlst(ftp, b"f")
    ftp.require(not any(entry.facts for entry in entries), "two spaces and the name in MLST without facts", reply.raw)


def _chosen(ftp: Ftp, command: str) -> set[str]:
    reply = ftp.exchange(command, 200)
    found = re.fullmatch(rb"MLST OPTS ?((?:[!-:<-~]+;)*)\s*", reply.lines[0], re.IGNORECASE)
    ftp.require(found, f"200 MLST OPTS and the facts in answer to {command}", reply.raw)
    assert found is not None
    return {fact.decode("latin-1").lower() for fact in found[1].split(b";") if fact}


def _shown_facts(ftp: Ftp) -> list[str]:
    return [fact for fact in ftp.features().keywords.get("MLST", "").split(";") if fact]


NOT_CHECKED: list[tuple[str, str]] = []
