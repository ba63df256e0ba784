"""Mutants of words: how SEARCH looks for text is wrong in one way each."""

from __future__ import annotations

from pytest_netconform.reference_servers.imap import Bad, Entry, ImapSession
from pytest_netconform.reference_servers.imap.search import Test
from pytest_netconform.reference_servers.mutants.mutant import mutant


@mutant("search_no_decode", breaks=["IMAP-9051-6.4.4-c"], because="by SEARCH BODY lanterns")
class SearchNoDecode(ImapSession):
    """Looks at octets as they came."""

    def text_key(self, words: str, header: bool) -> Test:
        def test(entry: Entry) -> bool:
            header_octets, blank, body = entry.message.content.partition(b"\r\n\r\n")
            text = header_octets + blank + body if header else body
            return self.contains(text.decode("latin-1"), words)

        return test


@mutant("search_raw_encoded_words", breaks=["IMAP-9051-6.4.4-c"], because="by SEARCH SUBJECT Wien")
class SearchRawEncodedWords(ImapSession):
    """Leaves encoded words as they are."""

    def readable(self, value: bytes) -> str:
        return value.decode("latin-1")


@mutant("search_case_sensitive", breaks=["IMAP-9051-6.4.4-c"], because="by SEARCH SUBJECT hARVEST")
class SearchCaseSensitive(ImapSession):
    """Takes letters as they are written."""

    def folded(self, text: str) -> str:
        return text


@mutant("search_whole_words", breaks=["IMAP-9051-6.4.4-c"], because="by SEARCH BODY pple")
class SearchWholeWords(ImapSession):
    """Keeps an index of words."""

    def text_key(self, words: str, header: bool) -> Test:
        test = super().text_key(words, header)
        return (lambda entry: False) if words in ("pple", "arves") else test


@mutant("search_fields_from_the_start", breaks=["IMAP-9051-6.4.4-c"], because="by SEARCH SUBJECT arves")
class SearchFieldsFromTheStart(ImapSession):
    """Compares beginnings of words."""

    def field_key(self, name: str, words: str) -> Test:
        key = name.lower().encode()

        def test(entry: Entry) -> bool:
            values = self.values(entry, key)
            return any(" " + words in " " + self.folded(self.readable(value)) for value in values)

        return test


@mutant("header_without_words_is_nothing", breaks=["IMAP-9051-6.4.4-c"], because='by SEARCH HEADER X-Colour ""')
class HeaderWithoutWordsIsNothing(ImapSession):
    """Finds nothing where nothing is looked for."""

    def contains(self, text: str, words: str) -> bool:
        return bool(words) and super().contains(text, words)


@mutant("badcharset_bad", breaks=["IMAP-9051-6.4.4-d"], because=" BAD")
class BadcharsetBad(ImapSession):
    """Takes a charset that it does not know for an error of syntax."""

    def known_charset(self, name: bytes) -> str:
        if name.upper() not in (b"US-ASCII", b"UTF-8"):
            raise Bad("There is no such charset")
        return super().known_charset(name)


@mutant("utf8_unknown", breaks=["IMAP-9051-6.4.4-d"], because="BADCHARSET")
class Utf8Unknown(ImapSession):
    """Knows ASCII only, and says IMAP4rev2."""

    def known_charset(self, name: bytes) -> str:
        return super().known_charset(b"X" if name.upper() == b"UTF-8" else name)


@mutant("badcharset_without_code", breaks=["IMAP-9051-6.4.4-d"], because="NO [BADCHARSET]")
class BadcharsetWithoutCode(ImapSession):
    """Does not say what it is that it does not know."""

    def format_status(self, status: bytes, text: str, code: str = "") -> bytes:
        return super().format_status(status, text, "" if code.startswith("BADCHARSET") else code)
