"""Mutants of methods: not known, answered with what is not theirs, or done otherwise than said."""

from __future__ import annotations

from dataclasses import replace

from pytest_netconform.reference_servers.http import Form, HttpSession, Refusal, Request, Response, Target
from pytest_netconform.reference_servers.http.conditions import Representation
from pytest_netconform.reference_servers.http.respond import Delimited, Fields
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("head_unknown", breaks=["HTTP-9110-9.1-get-head"], because="501")
class HeadUnknown(HttpSession):
    """Knows no HEAD."""

    def check_method(self, head: Request) -> None:
        if head.method == "HEAD":
            raise Refusal(501, "The method is unknown")
        super().check_method(head)


@mutant("head_with_body", breaks=["HTTP-9110-9.3.2-head-nobody"], because="no response")
class HeadWithBody(HttpSession):
    """Takes HEAD for GET."""

    def sends_content(self, request: Request | None, response: Response) -> bool:
        return True


@mutant("line_behind_head", breaks=["HTTP-9110-9.3.2-head-nobody"], because="nothing between two responses")
class LineBehindHead(HttpSession):
    """Ends an answer to HEAD with an empty line."""

    def format_response(self, request: Request | None, response: Response, persists: bool) -> bytes:
        octets = super().format_response(request, response, persists)
        return octets + b"\r\n" if request is not None and request.method == "HEAD" else octets


class OtherHead(HttpSession):
    """Answers HEAD with other fields than GET."""

    def all_fields(self, request: Request | None, response: Response, delimited: Delimited, persists: bool) -> Fields:
        fields = super().all_fields(request, response, delimited, persists)
        return self.other(fields) if request is not None and request.method == "HEAD" else fields

    def other(self, fields: Fields) -> Fields:
        """The other fields."""
        return tuple(field for field in fields if field[0] != "ETag")


@mutant("head_without_tag", breaks=["HTTP-9110-9.3.2-head-fields"], because="etag in answer to HEAD")
class HeadWithoutTag(OtherHead):
    """Has no tag for what it does not send."""


@mutant("head_with_other_type", breaks=["HTTP-9110-9.3.2-head-fields"], because="Content-Type in answer to HEAD")
class HeadWithOtherType(OtherHead):
    """Has another type for what it does not send."""

    def other(self, fields: Fields) -> Fields:
        return tuple((name, "text/html" if name == "Content-Type" else value) for name, value in fields)


@mutant("options_without_allow", breaks=["HTTP-9110-9.3.7-options-allow"], because="Allow in a 2yz")
class OptionsWithoutAllow(HttpSession):
    """Says yes to OPTIONS, and no more."""

    def answer_options(self, request: Request) -> Response:
        return Response(200)


@mutant("options_without_end", breaks=["HTTP-9110-9.3.7-options-cl"], because="nothing for")
class OptionsWithoutEnd(HttpSession):
    """Answers OPTIONS with a body whose end nobody tells."""

    def answer_options(self, request: Request) -> Response:
        return replace(super().answer_options(request), status=200)

    def framing_fields(self, request: Request | None, response: Response, delimited: Delimited) -> Fields:
        if request is not None and request.method == "OPTIONS":
            return ()
        return super().framing_fields(request, response, delimited)


@mutant("trace_repeats_secrets", breaks=["HTTP-9110-9.3.8-trace"], because="no Cookie and no Authorization")
class TraceRepeatsSecrets(HttpSession):
    """Repeats the whole request."""

    def answer_trace(self, request: Request) -> Response:
        lines = b"".join(field.name + b": " + field.value + b"\r\n" for field in request.fields)
        return Response(200, (("Content-Type", "message/http"),), b"TRACE / HTTP/1.1\r\n" + lines + b"\r\n")


@mutant("trace_gets_page", breaks=["HTTP-9110-9.3.8-trace"], because="the request in a 2yz")
class TraceGetsPage(HttpSession):
    """Takes TRACE for GET."""

    def answer_trace(self, request: Request) -> Response:
        return self.answer_home(request)


@mutant("tunnel_to_nowhere", breaks=["HTTP-9110-9.3.6-connect"], because="200")
class TunnelToNowhere(HttpSession):
    """Begins a tunnel that leads to itself."""

    def answer_connect(self, request: Request) -> Response:
        return Response(200)


@mutant("any_port_connects", breaks=["HTTP-9110-9.3.6-connect-badport"], because="200")
class AnyPortConnects(TunnelToNowhere):
    """Looks at no port."""

    def authority_form(self, text: bytes) -> Target:
        return Target(Form.AUTHORITY, text, authority=text)


@mutant("put_creates_200", breaks=["HTTP-9110-9.3.4-put-create"], because="200")
class PutCreates200(HttpSession):
    """Says the same of new resources and old ones."""

    def put_status(self, new: bool) -> int:
        return 200


@mutant("put_updates_201", breaks=["HTTP-9110-9.3.4-put-update"], because="201")
class PutUpdates201(HttpSession):
    """Takes every resource for a new one."""

    def put_status(self, new: bool) -> int:
        return 201


@mutant("put_keeps_old", breaks=["HTTP-9110-9.3.4-put-update"], because="what was put last")
class PutKeepsOld(HttpSession):
    """Keeps what was there first."""

    def new_content(self, request: Request, path: str) -> bytes:
        found = self.site.file(path)
        return request.body if found is None else found.content


@mutant("part_put_as_whole", breaks=["HTTP-9110-9.3.4-put-content-range"], because="the part alone")
class PartPutAsWhole(HttpSession):
    """Looks at no Content-Range."""

    def check_whole(self, request: Request) -> None:
        """Everything is whole."""


@mutant("put_transformed", breaks=["HTTP-9110-9.3.4-put-validator"], because="the octets that were put")
class PutTransformed(HttpSession):
    """Keeps something else, and tells its tag."""

    def new_content(self, request: Request, path: str) -> bytes:
        return request.body.upper()


@mutant("tag_of_request", breaks=["HTTP-9110-9.3.4-put-validator"], because="ETag as in the answer")
class TagOfRequest(HttpSession):
    """Tells a tag in answer to PUT that the resource does not get."""

    def put(self, request: Request, path: str, stored: Representation | None) -> Response:
        answer = super().put(request, path, stored)
        return replace(answer, fields=(("ETag", '"nc-put"'),))


@mutant("post_creates_nowhere", breaks=["HTTP-9110-9.3.3-post-201"], because="Location")
class PostCreatesNowhere(HttpSession):
    """Does not say where it is."""

    def create(self, request: Request) -> Response:
        return replace(super().create(request), fields=())


@mutant("post_creates_200", breaks=["HTTP-9110-9.3.3-post-201"], because="200")
class PostCreates200(HttpSession):
    """Says that it is done."""

    def create(self, request: Request) -> Response:
        return replace(super().create(request), status=200)


@mutant("put_appends", breaks=["HTTP-9110-9.2.2-idempotent"], because="the same content behind the second PUT")
class PutAppends(HttpSession):
    """Adds to what is there."""

    def new_content(self, request: Request, path: str) -> bytes:
        found = self.site.file(path)
        return request.body if found is None else found.content + request.body


@mutant("second_delete_fails", breaks=["HTTP-9110-9.2.2-idempotent"], because="500")
class SecondDeleteFails(HttpSession):
    """Falls over what is gone."""

    def answer_scratched(self, request: Request) -> Response:
        if request.method == "DELETE" and self.stored(self.path_of(request)) is None:
            raise Refusal(500, "It was to be there")
        return super().answer_scratched(request)
