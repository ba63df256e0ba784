"""Weathers in a user's own tests: each runs once in each, unchanged, and a failure says which broke it."""

from __future__ import annotations

import pytest

SEND = """
import smtplib

import pytest

def send(server):
    with smtplib.SMTP(server.host, server.port, timeout=5) as client:
        client.sendmail("me@client.example", ["you@elsewhere.example"], "Subject: tea\\r\\n\\r\\nAt five.\\r\\n")
"""
TEST = "def test_it(netconform_smtp_server):\n    send(netconform_smtp_server)\n    netconform_smtp_server.wait()\n"
#: a client that looks for the end of a reply in what one read brings
NAIVE = """
import socket

def test_naive(netconform_smtp_server):
    with socket.create_connection((netconform_smtp_server.host, netconform_smtp_server.port), 5) as sock:
        assert sock.recv(1000).endswith(b"\\r\\n")
"""


def run(pytester: pytest.Pytester, text: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(text)
    return pytester.runpytest("-p", "no:cacheprovider", "-v", *arguments)


def test_a_marked_test_runs_once_in_each_weather(pytester: pytest.Pytester) -> None:
    """The ids are the names."""
    mark = '@pytest.mark.netconform_weather("segmented", "slow", "narrow")\n'
    result = run(pytester, SEND + mark + TEST)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines([f"*::test_it[[]{name}] PASSED*" for name in ("segmented", "slow", "narrow")])


def test_an_option_does_the_same_for_every_test(pytester: pytest.Pytester) -> None:
    """For those that ask for a server of ours; the others run once, as ever."""
    result = run(pytester, SEND + TEST + "def test_other(): pass\n", "--netconform-weather=fair,scattered")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*::test_it[[]fair] PASSED*", "*::test_it[[]scattered] PASSED*", "*::test_other PASSED*"]
    )


def test_a_failure_says_which_weather_broke_it(pytester: pytest.Pytester) -> None:
    """With what struck, and what the server saw."""
    result = run(pytester, SEND + TEST, "--netconform-weather=fair,reset")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*::test_it[[]reset] FAILED*",
            "*- Weather -*",
            "this test broke in the weather reset: ResetAfter(40); it struck: ResetAfter(40) in connection 1",
            "*- What was seen by <SMTP server at 127.0.0.1:*, ResetAfter(40)> -*",
            "*S: 220 mail.example.test ESMTP*",
            "*: note: weather: ResetAfter(40) in connection 1",
        ]
    )


def test_a_naive_client_is_found_out(pytester: pytest.Pytester) -> None:
    """It works until the network is real."""
    run(pytester, NAIVE).assert_outcomes(passed=1)
    result = run(pytester, NAIVE, "--netconform-weather=segmented,fair")
    result.assert_outcomes(passed=1, failed=1)


def test_who_tries_again_gets_through(pytester: pytest.Pytester) -> None:
    """A weather may be over when the client comes again."""
    again = "def test_it(netconform_smtp_server):\n    try:\n        send(netconform_smtp_server)\n"
    again += "    except OSError:\n        send(netconform_smtp_server)\n"
    run(pytester, SEND + again, "--netconform-weather=reset-once,closed-once").assert_outcomes(passed=2)


def test_a_client_that_hangs_has_failed(pytester: pytest.Pytester) -> None:
    """Also when its test is content; it is cut off, so the run goes on."""
    hanging = (
        "import socket\ndef test_it(netconform_smtp_server):\n"
        "    with socket.create_connection((netconform_smtp_server.host, netconform_smtp_server.port)) as sock:\n"
        "        try:\n            sock.recv(1)\n        except OSError:\n            pass\n"
    )
    result = run(pytester, hanging, "--netconform-weather=silent", "--netconform-wait=0.2")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the client hung: <SMTP server*> had to cut it off (--netconform-wait is the time*"])
    result.stdout.fnmatch_lines(["*was cut off: the client still waited in it"])


def test_faults_of_ones_own(pytester: pytest.Pytester) -> None:
    """A marker takes values too, composed as one likes, and a seed."""
    mark = "from pytest_netconform.faults import Latency, Lost, Scattered\n"
    mark += "@pytest.mark.netconform_weather(Scattered(5) & Latency(0.01), 'slow', seed=3)\n"
    seen = "    assert netconform_smtp_server.weather.seed in (0, 3)\n"
    result = run(pytester, SEND + mark + TEST + seen)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*::test_it[[]Scattered(5) & Latency(0.01)] PASSED*"])


def test_datagrams_have_weathers_of_their_own(pytester: pytest.Pytester) -> None:
    """What a test's servers cannot be in is left out."""
    text = """
    import socket
    def test_it(netconform_datagram_server):
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.2)
            for _ in range(20):
                sock.sendto(b"hello", netconform_datagram_server.address)
                try:
                    assert sock.recv(100) == b"hello"
                    return
                except TimeoutError:
                    pass
            assert False
    """
    result = run(pytester, text, "--netconform-weather=harmless,lossy,lost-once,segmented")
    result.assert_outcomes(passed=6)
    assert "segmented" not in result.stdout.str()


@pytest.mark.parametrize(
    ("text", "arguments", "line"),
    [
        (
            TEST,
            ["--netconform-weather=storm"],
            "ERROR: --netconform-weather: no weather is called 'storm'; known are fair, *",
        ),
        (
            TEST,
            ["--netconform-weather=slwo"],
            "ERROR: *: no weather is called 'slwo'; did you mean 'slow'? known are fair, *",
        ),
        (TEST, ["--netconform-seed=x"], "ERROR: --netconform-seed=x: a number from 0 on is asked for"),
        (TEST, ["--netconform-wait=-1"], "ERROR: --netconform-wait=-1: a number from 0 on is asked for"),
        (
            '@pytest.mark.netconform_weather("storm")\n' + TEST,
            [],
            "ERROR: *::test_it: @pytest.mark.netconform_weather: no weather is called 'storm'; known are *, harmful",
        ),
        (
            '@pytest.mark.netconform_weather("lossy")\n' + TEST,
            [],
            "ERROR: *::test_it: @pytest.mark.netconform_weather: lossy: none that its servers can be in",
        ),
        (
            '@pytest.mark.netconform_weather("slow")\ndef test_it(): pass\n',
            [],
            "ERROR: *::test_it: @pytest.mark.netconform_weather: no server or proxy of ours is in this test, *",
        ),
        (
            '@pytest.mark.netconform_weather("slow", speed=1)\n' + TEST,
            [],
            "ERROR: *::test_it: @pytest.mark.netconform_weather: speed= is not known; seed= is",
        ),
    ],
)
def test_what_cannot_be_is_a_usage_error(pytester: pytest.Pytester, text: str, arguments: list[str], line: str) -> None:
    """One line, and exit code 4."""
    result = run(pytester, "import pytest\n" + text, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([line])


def test_an_unknown_mutant_fails_in_one_line(pytester: pytest.Pytester) -> None:
    """The known ones are listed, without a traceback."""
    text = """
    import pytest

    @pytest.fixture
    def netconform_pop3_options():
        return {"mutant": "dot_stuffing_forgoten"}

    def test_it(netconform_pop3_server):
        pass
    """
    result = run(pytester, text)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["no mutant of POP3 is called 'dot_stuffing_forgoten'; did you mean 'dot_stuffing_forg*"]
    )
    assert "Traceback" not in result.stdout.str() and "\nE  " not in result.stdout.str()


def test_options_of_a_server_are_overridden(pytester: pytest.Pytester) -> None:
    """By a fixture of the user's, a parameter, or a call of the factory."""
    text = """
    import pytest

    @pytest.fixture
    def netconform_smtp_options():
        return {"host": "::1"}

    def test_fixture(netconform_smtp_server):
        assert netconform_smtp_server.host == "::1"

    @pytest.mark.parametrize("netconform_smtp_options", [{"tls": True}, {"mutant": "rst_on_close"}])
    def test_parameter(netconform_smtp_server):
        assert netconform_smtp_server.host == "127.0.0.1"

    def test_several(netconform_smtp_servers):
        first, second = netconform_smtp_servers(), netconform_smtp_servers(host="127.0.0.1")
        assert (first.host, second.host) == ("::1", "127.0.0.1")
        assert first.port != second.port
    """
    run(pytester, text).assert_outcomes(passed=4)


def test_a_proxy_has_the_weather_of_the_test(pytester: pytest.Pytester) -> None:
    """In front of a server of the user's."""
    text = SEND + (
        '@pytest.mark.netconform_weather("slow")\n'
        "def test_it(netconform_smtp_servers, netconform_proxy):\n"
        '    server = netconform_smtp_servers(weather="fair")\n'
        "    proxy = netconform_proxy(server.url)\n"
        '    assert proxy.weather.name == "slow" and not server.weather\n'
        "    send(proxy)\n"
        "    assert len(server.messages) == 1\n"
        '    assert netconform_proxy(server.url, "fair").weather.name == "fair"\n'
        "def test_wrong(netconform_proxy):\n"
        '    netconform_proxy("nowhere")\n'
    )
    result = run(pytester, text)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["'nowhere' is no server; host:port, a URL with a port, or unix:///path is asked for"])


def test_names_are_answered_by_a_table(pytester: pytest.Pytester) -> None:
    """For the length of a test."""
    text = SEND + (
        "import socket\nfrom pytest_netconform.names import NoSuchName\n"
        "def test_it(netconform_names, netconform_smtp_server):\n"
        '    netconform_names["mail.example"] = netconform_smtp_server.host\n'
        '    netconform_names["gone.example"] = NoSuchName()\n'
        '    smtplib.SMTP("mail.example", netconform_smtp_server.port, timeout=5).quit()\n'
        "    with pytest.raises(socket.gaierror):\n"
        '        smtplib.SMTP("gone.example")\n'
    )
    run(pytester, text).assert_outcomes(passed=1)


@pytest.mark.parametrize("arguments", [["-n", "2"], ["-p", "no:randomly"]], ids=str)
def test_it_works_beside_others(pytester: pytest.Pytester, arguments: list[str]) -> None:
    """With workers, and in any order; the sections of a failure arrive."""
    pytester.makepyfile(SEND + TEST)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--netconform-weather=fair,slow,reset", *arguments)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["this test broke in the weather reset: ResetAfter(40)*"])


def test_unknown_names_with_workers(pytester: pytest.Pytester) -> None:
    """The same line and exit code."""
    pytester.makepyfile(TEST)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--netconform-weather=storm", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --netconform-weather: no weather is called 'storm'; known are *"])
