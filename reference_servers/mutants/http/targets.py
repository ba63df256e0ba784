"""Mutants of request targets: forms that are mistaken for each other, and paths that lead outside."""

from __future__ import annotations

from pytest_netconform.reference_servers.http import Form, HttpSession, Refusal, Request, Response, Target
from pytest_netconform.reference_servers.mutants.mutant import mutant

ACCOUNTS = b"root:x:0:0:root:/root:/bin/sh\n"


@mutant("target_to_the_last_space", breaks=["HTTP-9112-3-target-space"], because="404")
class TargetToTheLastSpace(HttpSession):
    """Guesses that blanks belong to the target."""

    def split_request_line(self, line: bytes) -> list[bytes]:
        method, _, rest = line.partition(b" ")
        target, _, version = rest.rpartition(b" ")
        return [method, target.replace(b" ", b"%20"), version]


@mutant("odd_octets_fail", breaks=["HTTP-9112-3-target-ctl"], because="500")
class OddOctetsFail(HttpSession):
    """Has an exception for octets that are no text, and nobody for that."""

    def check_path(self, path: bytes) -> None:
        if any(octet < 32 or octet > 126 for octet in path):
            raise Refusal(500, "Exception")
        super().check_path(path)


@mutant("control_octets_served", breaks=["HTTP-9112-3-target-ctl"], because="404")
class ControlOctetsServed(HttpSession):
    """Looks for any octets."""

    def check_path(self, path: bytes) -> None:
        """All of them are names."""


@mutant("fragment_left_out", breaks=["HTTP-9112-3.2-fragment"], because="200")
class FragmentLeftOut(HttpSession):
    """Leaves out what stands behind `#`."""

    def origin_form(self, text: bytes) -> Target:
        return super().origin_form(text.partition(b"#")[0])


@mutant("word_is_a_path", breaks=["HTTP-9112-3.2.3-authority-get"], because="200")
class WordIsAPath(HttpSession):
    """Joins what has no slash to the root."""

    def absolute_form(self, method: str, text: bytes) -> Target:
        return super().absolute_form(method, text) if b"/" in text else Target(Form.ORIGIN, text, b"/")


@mutant("asterisk_is_the_root", breaks=["HTTP-9112-3.2.4-get-star"], because="200")
class AsteriskIsTheRoot(HttpSession):
    """Serves `*` as the root."""

    def asterisk_form(self, method: str) -> Target:
        return super().asterisk_form(method) if method == "OPTIONS" else Target(Form.ORIGIN, b"*", b"/")


@mutant("asterisk_is_a_file", breaks=["HTTP-9112-3.2.4-options-star"], because="500")
class AsteriskIsAFile(HttpSession):
    """Opens a file of that name."""

    def asterisk_form(self, method: str) -> Target:
        raise Refusal(500, "No such file")


@mutant("asterisk_is_not_there", breaks=["HTTP-9112-3.2.4-options-star"], because="404")
class AsteriskIsNotThere(HttpSession):
    """Looks for a resource of that name."""

    def asterisk_form(self, method: str) -> Target:
        return Target(Form.ORIGIN, b"*", b"/*")


# -- absolute-form


@mutant("absolute_form_is_a_path", breaks=["HTTP-9112-3.2.2-absolute"], because="404")
class AbsoluteFormIsAPath(HttpSession):
    """Takes all of a URI for a path."""

    def absolute_form(self, method: str, text: bytes) -> Target:
        target = super().absolute_form(method, text)
        return Target(Form.ORIGIN, text, b"/" + text, target.query)


@mutant("absolute_form_needs_no_host", breaks=["HTTP-9112-3.2.2-absolute-nohost"], because="200")
class AbsoluteFormNeedsNoHost(HttpSession):
    """Takes the authority of the target for Host."""

    def host_values(self, head: Request) -> list[bytes]:
        return [head.target.authority] if head.target.authority else super().host_values(head)


@mutant("empty_authority_passed_over", breaks=["HTTP-9112-3.2.2-absolute-empty-host"], because="200")
class EmptyAuthorityPassedOver(HttpSession):
    """Falls back to Host where a URI has none."""

    def check_authority(self, authority: bytes) -> None:
        if authority:
            super().check_authority(authority)


@mutant("scheme_passed_over", breaks=["HTTP-9112-3.2.2-https-on-plain"], because="200")
class SchemePassedOver(HttpSession):
    """Serves https in clear."""

    def check_scheme(self, scheme: bytes) -> None:
        """All are one."""


@mutant("userinfo_passed_over", breaks=["HTTP-9110-4.2.4-userinfo"], because="200")
class UserinfoPassedOver(HttpSession):
    """Takes what stands behind the last `@` for the authority."""

    def check_authority(self, authority: bytes) -> None:
        super().check_authority(authority.rpartition(b"@")[2])


# -- paths that lead outside


@mutant("dots_lead_outside", breaks=["HTTP-3986-5.2.4-dotdot"], because="root:x:0:0:")
class DotsLeadOutside(HttpSession):
    """Joins a path to its folder as it is."""

    def opened(self, path: bytes) -> str:
        """The path that is opened."""
        return self.decoded_path(path)

    def respond_to(self, request: Request) -> Response:
        path = self.opened(request.target.path)
        if path.startswith("/..") and path.endswith("etc/passwd"):
            return Response(200, (("Content-Type", "text/plain"),), ACCOUNTS)
        return super().respond_to(request)


@mutant("dots_decoded_twice", breaks=["HTTP-3986-5.2.4-dotdot"], because="root:x:0:0:")
class DotsDecodedTwice(DotsLeadOutside):
    """Looks for dots, and then decodes once more."""

    def opened(self, path: bytes) -> str:
        once = self.decoded_path(path)
        return "" if ".." in once else self.decoded_path(once.encode())


@mutant("backslashes_lead_outside", breaks=["HTTP-3986-5.2.4-dotdot"], because="root:x:0:0:")
class BackslashesLeadOutside(DotsLeadOutside):
    """Follows dots between slashes, and opens what has backslashes."""

    def check_path(self, path: bytes) -> None:
        super().check_path(path.replace(b"\\", b"/"))

    def opened(self, path: bytes) -> str:
        return self.decoded_path(path).replace("\\", "/") if b"\\" in path else ""


@mutant("second_slash_is_the_root", breaks=["HTTP-3986-5.2.4-dotdot"], because="root:x:0:0:")
class SecondSlashIsTheRoot(HttpSession):
    """Joins a path as the machine does, for which one that begins with a slash is whole."""

    def respond_to(self, request: Request) -> Response:
        if request.target.path == b"//etc/passwd":
            return Response(200, (("Content-Type", "text/plain"),), ACCOUNTS)
        return super().respond_to(request)


@mutant("nul_ends_a_name", breaks=["HTTP-3986-7.3-nul-path"], because="same content")
class NulEndsAName(HttpSession):
    """Opens the file whose name ends at a NUL."""

    def decoded_path(self, path: bytes) -> str:
        return super().decoded_path(path.partition(b"%00")[0])
