"""Targets: every form that a user can write, and every mistake with its one line; no password in any of them."""

from __future__ import annotations

import socket

import pytest

from pytest_netconform.memory import Memory
from pytest_netconform.protocols import PROTOCOLS
from pytest_netconform.reference_servers.null import Null
from pytest_netconform.target import PATIENCE, Spec, Survey, Target, TargetError, parse_target
from pytest_netconform.verdict import NotApplicable

SMTP = PROTOCOLS["smtp"]
SECRET = "s3cret"


def parts(spec: Spec) -> tuple[str, str, str, int, str, str]:
    """What a reader looks at first."""
    return spec.name, spec.scheme, spec.host, spec.port, spec.username, spec.password


@pytest.mark.parametrize(
    ("text", "name", "scheme", "host", "port"),
    [
        ("smtp://mx.example.org", "smtp-mx.example.org-25", "smtp", "mx.example.org", 25),
        ("smtps://mx.example.org", "smtps-mx.example.org-465", "smtps", "mx.example.org", 465),
        ("SMTP://mx.example.org:2525", "smtp-mx.example.org-2525", "smtp", "mx.example.org", 2525),
        ("smtp://127.0.0.1:submission", "smtp-127.0.0.1-587", "smtp", "127.0.0.1", 587),
        ("smtp://[::1]", "smtp-::1-25", "smtp", "::1", 25),
        ("smtp://[::1]:2525", "smtp-::1-2525", "smtp", "::1", 2525),
        ("mx.example.org:25", "mx.example.org-25", "", "mx.example.org", 25),
        ("localhost:smtp", "localhost-25", "", "localhost", 25),
        ("[2001:db8::1]:25", "2001:db8::1-25", "", "2001:db8::1", 25),
        ("mine=smtp://h", "mine", "smtp", "h", 25),
        ("mine=h:1", "mine", "", "h", 1),
        ("my.mx_2-a=[::1]:65535", "my.mx_2-a", "", "::1", 65535),
    ],
)
def test_every_form_is_read(text: str, name: str, scheme: str, host: str, port: int) -> None:
    """Schemes with default ports, service names, IPv6 literals, names, and a bare host:port."""
    spec = parse_target(text)
    assert parts(spec)[:4] == (name, scheme, host, port)
    assert spec.protocol is (SMTP if scheme else None) and not spec.reference
    assert spec.implicit_tls is (scheme == "smtps")


@pytest.mark.parametrize(
    ("text", "name", "path", "url"),
    [
        ("unix:///run/x.sock", "unix-x.sock", "/run/x.sock", "unix:///run/x.sock"),
        ("UNIX:///x", "unix-x", "/x", "unix:///x"),
        ("mine=unixgram:///x?dialect=echo-udp", "mine", "/x", "unixgram:///x?dialect=echo-udp"),
        ("unix:///a%20b%3Fc?patience=2", "unix-a b?c", "/a b?c", "unix:///a%20b%3Fc?patience=2"),
    ],
)
def test_a_socket_file_is_a_target(text: str, name: str, path: str, url: str) -> None:
    """Three slashes and a path, escaped where a URL asks for it; there is no host and no port."""
    spec = parse_target(text)
    assert (spec.name, spec.path, spec.url, spec.place) == (name, path, url, path)
    assert (spec.host, spec.port) == ("", 0) and spec.at_home and spec.way.path
    assert parse_target(spec.url).path == path


@pytest.mark.parametrize("text", ["unix://", "unix:///", "unix://h/x", "unix://h:1/x", "unix://u@/x", "unixgram://x"])
def test_a_socket_file_needs_its_path(text: str) -> None:
    """A host, a port or a user in front of the path, or no path: one line that shows the form."""
    scheme = text.partition(":")[0]
    with pytest.raises(TargetError, match=rf"names no socket file; write {scheme}:///PATH, with three slashes$"):
        parse_target(text)


@pytest.mark.parametrize("text", ["tcp://h", "udp://h", "tcps://h", "upper://h"])
def test_schemes_without_a_port_of_their_own_want_one(text: str) -> None:
    """Nobody knows where a protocol of one's own is served."""
    with pytest.raises(TargetError, match=rf"^'{text}' names no port; write HOST:PORT or SCHEME://HOST$"):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "username", "password"),
    [
        ("smtp://anna:s3cret@h", "anna", "s3cret"),
        ("smtp://anna%40x:s3%2Fc%3Aret%25@h", "anna@x", "s3/c:ret%"),
        ("smtp://anna:a:b@h", "anna", "a:b"),
        ("anna:s3cret@h:25", "anna", "s3cret"),
        ("mine=anna:s3cret@h:25", "anna", "s3cret"),
        ("smtp://anna@h", "anna", ""),
        ("smtp://h", "", ""),
    ],
)
def test_credentials_are_read_and_not_shown(text: str, username: str, password: str) -> None:
    """Percent escapes are undone; neither the URL nor the value's own text shows the password."""
    spec = parse_target(text)
    assert parts(spec)[4:] == (username, password)
    assert SECRET not in spec.url and SECRET not in repr(spec) and SECRET not in spec.name


def test_credentials_come_from_the_environment_too() -> None:
    """What the target says itself goes first; the environment fills what it leaves out."""
    environ = {"NETCONFORM_USERNAME": "env", "NETCONFORM_PASSWORD": SECRET}
    assert parts(parse_target("smtp://h", environ))[4:] == ("env", SECRET)
    assert parts(parse_target("smtp://anna@h", environ))[4:] == ("anna", SECRET)
    assert parts(parse_target("smtp://anna:x@h", environ))[4:] == ("anna", "x")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("smtp://h?recipient=a@b", {"recipient": "a@b"}),
        ("smtp://h?recipients=alice+*@b&patience=2.5", {"recipients": "alice+*@b", "patience": "2.5"}),
        ("smtp://h?recipient=a%26b@c", {"recipient": "a&b@c"}),
        ("h:25?submission=1", {"submission": "1"}),
        ("smtp://h?reject=some%20words", {"reject": "some words"}),
        ("smtp://h:25?ca=/x/ca.pem&servername=mx", {"ca": "/x/ca.pem", "servername": "mx"}),
        ("smtp://h?", {}),
        ("smtp://h?recipient=", {"recipient": ""}),
    ],
)
def test_options_are_read(text: str, options: dict[str, str]) -> None:
    """Percent escapes are undone, a plus stays a plus, and a bare host:port takes every protocol's options."""
    assert parse_target(text).options == options


def test_a_url_leads_to_the_same_target_again() -> None:
    """What reports call a target is a target: the line that repeats a finding works."""
    for text in (
        "smtp://anna@[::1]:2525?recipient=a+b@c&patience=3",
        "h:25",
        "reference:smtp?greeting=554",
        "smtp://anna%40x%3A@h:25?reject=some%20words%20%26%20more%23&recipients=al*@b",
    ):
        spec = parse_target(text)
        assert spec.url == text
        assert parse_target(spec.url) == spec


def test_the_reference_is_named_by_a_word() -> None:
    """`reference` means all our servers, `reference:smtp` one; their options are their own business."""
    every, one = parse_target("reference"), parse_target("mine=reference:smtp?greeting=554&whatever=1")
    assert every.reference and every.protocol is None and every.name == "reference"
    assert one.reference and one.protocol is SMTP and one.name == "mine"
    assert one.options == {"greeting": "554", "whatever": "1"}
    assert parse_target("reference:smtp").name == "reference-smtp" and not one.implicit_tls


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no target: [NAME=][SCHEME://][user:password@]HOST[:PORT][?option=value]"),
        ("smtp://", "is no target"),
        (":25", "is no target"),
        ("smtp://:25", "is no target"),
        ("smtp://[::1", "is no target"),
        ("smtp://::1", "is no target"),
        ("smpt://h", "unknown scheme smpt:// in 'smpt://h'; known are smtp://, smtps://"),
        ("h", "'h' names no port and no scheme; write HOST:PORT or SCHEME://HOST"),
        ("h:", "names no port and no scheme"),
        ("h:0", "port 0 of 'h:0' is out of range; ports are 1 to 65535"),
        ("smtp://h:0?recipient=a@b", "port 0 of 'smtp://h:0?recipient=a@b' is out of range"),
        ("h:65536", "port 65536 of 'h:65536' is out of range"),
        ("smtp://h:99999999999999999999", "is out of range"),
        ("smtp://h:nosuchservice", "'nosuchservice' in 'smtp://h:nosuchservice' is no port and no service name"),
        ("smtp://h:-1", "is no port and no service name"),
        ("smtp://h:²", "is no port and no service name"),
        ("smtp://h?recipent=x", "unknown target option 'recipent'; did you mean recipient?"),
        ("smtp://h?zzz=1", "unknown target option 'zzz'; known are bounces, ca, "),
        ("smtp://h?patience=0", "patience='0' is no number of seconds above 0"),
        ("smtp://h?patience=soon", "patience='soon' is no number"),
        ("smtp://h?patience=nan", "patience='nan' is no number"),
        ("smtp://h?patience=inf", "patience='inf' is no number"),
        ("reference:gopher", "there is no reference:gopher; known are smtp"),
        ("reference:smtp?patience=-1", "patience='-1' is no number"),
    ],
)
def test_every_mistake_is_told_in_one_line(text: str, told: str) -> None:
    """Who wrote what, and what would be right."""
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"smpt://anna:{SECRET}@h",
        f"smtp://anna:{SECRET}@h:0",
        f"smtp://anna:{SECRET}@h:nosuch",
        f"anna:{SECRET}@h",
        f"mine=anna:{SECRET}@h",
        f"mine=smtp://anna:{SECRET}@",
        f"smtp://anna:{SECRET}@[::1",
        f"smtp://anna:a:{SECRET}@h:0",
        f"smtp://anna:{SECRET}/@h",
        f"smtp://anna:{SECRET}?@h:0",
        f"smtp://:{SECRET}@h:0",
        f"smtp://anna:x@{SECRET}@h:0",
        f"smtp://anna:{SECRET}@h:0?recipient=a@b",
    ],
)
def test_no_mistake_repeats_a_password(text: str) -> None:
    """Whatever is wrong with a target, its password is not in the message."""
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    assert SECRET not in str(caught.value)


def test_a_service_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own table decides."""
    monkeypatch.setattr(socket, "getservbyname", lambda name, kind: {("mine", "tcp"): 4321}[name, kind])
    assert parse_target("smtp://h:mine").port == 4321


# -- what checks ask of a target


def target(text: str = "smtp://h?recipient=a@b", **more: object) -> Target:
    """A target that nobody dials."""
    return Target(parse_target(text), Memory(Null), **more)  # type: ignore[arg-type]


def test_options_consents_and_capabilities_are_required() -> None:
    """Each lack names what would mend it."""
    mx = target(allowed=frozenset({"slow"}))
    mx.survey.capabilities.add("SIZE")
    for there in ("?recipient", "!slow", "SIZE", "-DSN"):
        mx.require(there)
    for what, lacking in {
        "?unknown": "?unknown=",
        "!write": "--netconform-allow=write",
        "DSN": "DSN",
        "-SIZE": "-SIZE",
    }.items():
        with pytest.raises(NotApplicable) as caught:
            mx.require(what)
        assert caught.value.lacking == lacking


def test_patience_and_window() -> None:
    """Patience is the user's or ten seconds; the silence window is twenty answers long, within bounds."""
    assert target().patience == PATIENCE == 10.0
    assert target("smtp://h?patience=2.5").patience == 2.5
    mx = target()
    for latency, window in ((0.0001, 0.2), (0.05, 1.0), (3.0, 2.0)):
        mx.survey.latency = latency
        assert mx.window == pytest.approx(window)


def test_a_survey_is_sound_when_all_three_were_seen() -> None:
    """What was not seen is named, with the reason."""
    survey = Survey(accepted=True, problem="it hung up")
    assert not survey.sound
    assert survey.lacking == "the sanity dialogue did not see a refusal, a value returned (it hung up)"
    assert Survey(accepted=True, refused=True, returned=True).lacking == ""


def test_a_shared_value_is_made_once() -> None:
    """All checks of a target share what its column makes."""
    made: list[int] = []
    mx = target()
    assert mx.once("x", lambda: made.append(1) or "v") == mx.once("x", lambda: "other") == "v"
    assert made == [1]
