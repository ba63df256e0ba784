"""Basic authentication (RFC 7617, RFC 9110 11): the challenge, who is let in, who is not, and for how long."""

from __future__ import annotations

import base64

import pytest

from pytest_netconform.dialogues.http import Http
from pytest_netconform.dialogues.http_fates import REFUSAL, UNDERSTOOD, Fate
from pytest_netconform.requirement import MUST, disposable, needs, requirement
from pytest_netconform.verdict import Inconclusive, NotApplicable
from pytest_netconform.wire.http import Response
from pytest_netconform.wire.http_fields import QUOTED, Challenge, parse_challenges

HIDDEN: dict[int | str, str] = {403: "refused without a challenge", 404: "as if nothing were there"}


def _challenges(http: Http, answer: Response) -> list[Challenge]:
    """The challenges of a 401, which has one at least."""
    http.require("WWW-Authenticate" in answer.fields, "WWW-Authenticate in a 401", answer.head)
    found = parse_challenges(answer.fields.get("WWW-Authenticate") or b"")
    http.require(found, "WWW-Authenticate to be one challenge or several", answer.head)
    return found or []


def _shut_out(http: Http, path: str) -> Response:
    """The 401 to a request without credentials."""
    answer = http.ask(http.get(target=path))
    if answer.status != 401:
        raise Inconclusive(f"{answer.status} in answer to GET {path}, where ?auth= promises 401")
    return answer


@requirement("HTTP-9110-15.5.2-www-auth", MUST, "RFC 9110 15.5.2, 11.6.1", "401 comes with a challenge.")
@needs("?auth")
def test_challenge_of_401(http: Http) -> None:
    """WWW-Authenticate is there, and can be read."""
    http.known()
    _challenges(http, _shut_out(http, http.path("auth")))


@requirement("HTTP-7617-2-challenge", MUST, "RFC 7617 2, RFC 9110 11.5", "A challenge of Basic names a realm.")
@needs("?auth", "?account")
def test_basic_challenge(http_auth: Http) -> None:
    """The realm is a quoted string; a charset can only be UTF-8."""
    # Field note: Werkzeug 3.1 leaves the quotes out where the realm is a token.
    http = http_auth
    answer = _shut_out(http, http.resource)
    basic = [challenge for challenge in _challenges(http, answer) if challenge.scheme == "basic"]
    http.require(basic, "a challenge of Basic, which is what it takes", answer.head)
    for challenge in basic:
        realm = challenge.raw.get("realm", b"")
        http.require(QUOTED.fullmatch(realm), "a realm in quotes in the challenge", answer.head)
        charset = challenge.parameters.get("charset", b"utf-8")
        http.require(charset.lower() == b"utf-8", "UTF-8, if any charset", answer.head)


@requirement("HTTP-7617-2-accept", MUST, "RFC 7617 2, RFC 9110 11.1", "Who knows the password is let in.")
@needs("?auth", "?account")
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_right_password(http_auth: Http, scheme: str) -> None:
    """The scheme's name knows no case."""
    line = http_auth.basic().replace("Basic", scheme, 1)
    http_auth.exchange(http_auth.get(line, target=http_auth.resource), "2yz")


@requirement("HTTP-7617-2-accept", MUST, "RFC 7617 2, RFC 9110 11.1", "Who knows the password is let in.")
@needs("?auth", "?account")
def test_password_with_a_colon(http: Http) -> None:
    """The first colon ends the name; those behind it are the password's."""
    if ":" not in http.target.account[1]:
        raise NotApplicable("a password with a colon", "the account's password has no colon")
    http.known()
    http.exchange(http.get(http.basic(), target=http.path("auth")), "2yz")


def _is_shut_out(http: Http, form: str) -> None:
    """These credentials get 401, and again the challenge."""
    name, word = http.target.account
    pair = form.format(name=name, word=word, short=word[: min(1, len(word) - 1)])
    encoded = base64.b64encode(pair.encode()).decode()
    answer = http.ask(http.get(f"Authorization: Basic {encoded}", target=http.resource))
    http.weigh(answer, 401, noted=HIDDEN, expected="401 in answer to credentials that are wrong")
    if answer.status == 401:
        _challenges(http, answer)


WRONG = {"other": "{name}:nc-{word}", "prefix": "{name}:{short}", "unknown": "nc-nobody:{word}", "nothing": ":"}
NEARLY = {"empty": "{name}:", "more": "{name}:{word}x", "colon": "{name}:{word}:x"}


@requirement("HTTP-7617-2-reject", MUST, "RFC 9110 11.4, 15.5.2", "Who does not know the password is not let in.")
@needs("?auth", "?account")
@pytest.mark.parametrize("form", WRONG.values(), ids=list(WRONG))
def test_wrong_password(http_auth: Http, form: str) -> None:
    """Another password, or a part of it, or somebody else's: 401, and again the challenge."""
    _is_shut_out(http_auth, form)


@requirement("HTTP-7617-2-reject", MUST, "RFC 9110 11.4, 15.5.2", "Who does not know the password is not let in.")
@disposable
@needs("?auth", "?account")
@pytest.mark.parametrize("form", NEARLY.values(), ids=list(NEARLY))
def test_password_and_more(http_auth: Http, form: str) -> None:
    """Likewise with none, or with more than the password; apart, for those who lock accounts at the third time."""
    _is_shut_out(http_auth, form)


MALFORMED = {
    "no-base64": "Basic !!!",
    "nothing": "Basic",
    "no-colon": "Basic bmMtbm8tY29sb24=",
    "nul": "Basic\x00 bmM6bmM=",
    "padding": "Basic bmM6bm",
    "octets": "Basic /////w==",
    "scheme": "Nc-Nothing bmM6bmM=",
}


@requirement("HTTP-7617-2-malformed", MUST, "RFC 9110 11.4, RFC 7617 2", "Credentials that are none let nobody in.")
@needs("?auth", "?account")
@pytest.mark.parametrize("value", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_credentials(http_auth: Http, value: str) -> None:
    """They are refused, and bring no error of the server."""
    http = http_auth
    stimulus = http.get(f"Authorization: {value}", target=http.resource)
    noted: dict[int | Fate, str] = {403: "refused without a challenge", 404: "as if nothing were there"}
    http.is_refused(
        stimulus, 401, 400, twin=http.get(http.basic(), target=http.resource), fates=REFUSAL | Fate.DROPPED, noted=noted
    )


@requirement("HTTP-7617-2-malformed", MUST, "RFC 9110 11.4, RFC 7617 2", "Credentials that are none let nobody in.")
@needs("?auth", "?account")
def test_two_lines_of_credentials(http_auth: Http) -> None:
    """Of two lines one is wrong: refused, or one of them is believed; no error of the server."""
    http = http_auth
    right, wrong = http.basic(), "Authorization: Basic bmMtbm9ib2R5Om5j"
    stimulus, twin = http.get(right, wrong, target=http.resource), http.get(right, target=http.resource)
    answers = http.meets(stimulus, UNDERSTOOD | REFUSAL | Fate.DROPPED, 401, 400, 403, twin=twin)
    if answers.first is not None and answers.first.status < 300:
        http.note("the first of two Authorization lines is believed")


@requirement("HTTP-9110-11.4-no-state", MUST, "RFC 9110 3.3, 16.4.2", "Credentials are good for one request.")
@needs("?auth", "?account", "PERSISTENT")
def test_no_login_of_connections(http: Http) -> None:
    """A request without them on the same connection is not let in, no more than it was before."""
    path = http.path("auth")
    http.known()
    http.renew()
    _shut_out(http, path)
    let_in = http.ask(http.get(http.basic(), target=path))
    if let_in.closing or not 200 <= let_in.status < 300:
        raise Inconclusive(f"{let_in.status} with the account, where a 2yz and a connection that stays are needed")
    http.visit.evidence.add("twin")
    http.exchange(http.get(target=path), 401, noted=HIDDEN)


NOT_CHECKED: list[tuple[str, str]] = []
