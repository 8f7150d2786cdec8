"""From the bytes of a mail to its headers and text, whatever the sender's client did to it."""

from __future__ import annotations

import base64
import binascii
import codecs
import functools
import quopri
import re
from email._policybase import Compat32  # email.policy loads parsers of headers that nobody asks for
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses
from typing import NamedTuple

from patcher.lazy import expression
from patcher.mail.model import Mail, Person, Problem, RawMail

_HEADER = expression(rb"(?:[!-9;-~]+:|>?From )")
_HEADERS_BYTES = 256 * 2**10
_MANY = 1000
_ID = expression(r"<[^<>\s]+>")
_ONE = expression(r"(?P<name>[^<>]*)<(?P<address>[^<>\s@]+@[^<>\s]+)>")
_BLANK = expression(rb"\r?\n\r?\n")
_PARTS = 50
# Python's own, which no mail is in: some take time that grows with the square of the length.
_NO_CHARSETS = frozenset(["idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"])


class _Text(NamedTuple):
    text: str
    exact: bool
    charset: str


class _AsSent(Compat32):
    """Headers as they were sent: what is no ASCII in them is not replaced."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


_POLICY = _AsSent()


def decode(raw: RawMail) -> Mail:
    """Decode a mail. Never fails: what is wrong with it is told in ``problems``."""
    content, problems = raw.content, [Problem("too-large", "its end was not read")] if raw.cut else []
    whole_crlf = _all_crlf(content)
    if whole_crlf:
        content = content.replace(b"\r\n", b"\n")
    if b"\0" in content:
        problems.append(Problem("nul", "it holds NUL bytes"))
    leading = len(content) - len(content.lstrip(b"\n"))
    headers_end = _headers_end(content, leading)
    if headers_end is None:  # a bare diff, or text
        return _mail(raw, Message(), 0, _plain(content, problems), raw.line, problems)
    head = content[leading:headers_end]
    if len(head) > _HEADERS_BYTES:
        problems.append(Problem("headers", f"more than {_HEADERS_BYTES} bytes of headers"))
        head = head[:_HEADERS_BYTES].rpartition(b"\n")[0] + b"\n"
    message = BytesHeaderParser(policy=_POLICY).parsebytes(head)
    body = content[headers_end:].removeprefix(b"\n")
    text = _body(message, head, body, problems)
    begins = raw.line + content.count(b"\n", 0, headers_end) + 1
    return _mail(raw, message, raw.line + leading, text, begins, problems)


def _all_crlf(content: bytes) -> bool:
    """Whether the file itself has CRLF line ends, as a mail saved from a server has: that harms nobody. The empty line
    that ends it may be the mailbox's, which has its own."""
    first = content.find(b"\n")
    if first <= 0 or content[first - 1] != 13:
        return False
    text = content.rstrip(b"\r\n")
    return text.count(b"\r\n") == text.count(b"\n")


def _headers_end(content: bytes, leading: int) -> int | None:
    """Where the headers end (at the empty line, or at the end), or None where there are none."""
    if not _HEADER.match(content, leading):
        return None
    blank = content.find(b"\n\n", leading)
    return len(content) if blank < 0 else blank + 1


def _body(message: Message, head: bytes, body: bytes, problems: list[Problem]) -> _Text:
    kind = message.get_content_maintype()
    if kind == "multipart":
        return _multipart(head, body, problems)
    if message.get_content_type() == "text/html":
        problems.append(Problem("html", "it is HTML"))
    elif kind != "text":
        problems.append(Problem("attachment", f"it is a {message.get_content_type()}"))
    return _one(message, body, problems)


def _one(message: Message, body: bytes, problems: list[Problem]) -> _Text:
    """A text that is the whole mail."""
    encoding = _header(message, "content-transfer-encoding").strip().lower()
    content, exact = body, True
    if encoding == "quoted-printable":
        content, exact = quopri.decodestring(body), False
    elif encoding == "base64":
        content, exact = _from_base64(body, problems), False
    elif encoding not in ("", "7bit", "8bit", "binary"):
        problems.append(Problem("encoding", f"Content-Transfer-Encoding {encoding!r} is not known"))
    if b"\r\n" in content and content.count(b"\r\n") == content.count(b"\n"):
        problems.append(Problem("crlf", "its lines end in CR LF"))
        content = content.replace(b"\r\n", b"\n")
    text, charset = _decoded(content, _charset(message), problems)
    if str(_parameter(message, "format")).lower() == "flowed":
        problems.append(Problem("flowed", "it is sent as format=flowed"))
        text, exact = _unflowed(text, str(_parameter(message, "delsp")).lower() == "yes"), False
    return _Text(text, exact, charset)


def _plain(content: bytes, problems: list[Problem]) -> _Text:
    """A text of no declared charset."""
    text, charset = _decoded(content, "", problems)
    return _Text(text, True, charset)


def _from_base64(body: bytes, problems: list[Problem]) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/=]", b"", body)
    if len(letters) % 4:
        problems.append(Problem("truncated", "its base64 is incomplete"))
    letters = letters.replace(b"=", b"")
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:  # not met: the letters are checked
        return b""


def _multipart(head: bytes, body: bytes, problems: list[Problem]) -> _Text:
    try:
        message = BytesParser(policy=_POLICY).parsebytes(head + b"\n" + body)
        parts = [part for part in message.walk() if not part.is_multipart()][: _PARTS + 1]
    except (RecursionError, MessageError, ValueError, LookupError):
        problems.append(Problem("nested", "its MIME structure is damaged or nested too deeply"))
        return _plain(body, problems)
    if len(parts) > _PARTS:
        problems.append(Problem("nested", f"it has more than {_PARTS} MIME parts"))
    if message.defects:
        problems.append(Problem("truncated", "its MIME structure is incomplete"))
    texts: list[_Text] = []
    for part in parts[:_PARTS]:
        kind = part.get_content_type()
        if kind in (
            "application/pgp-signature",
            "application/pkcs7-signature",
            "application/x-pkcs7-signature",
            "application/pgp-keys",
            "text/html",
            "message/rfc822",
        ):
            if kind == "text/html":
                problems.append(Problem("html", "it has an HTML part"))
            continue
        content = _bytes(part)
        if kind.startswith("text/") or kind.endswith(("patch", "diff")):
            attached = _header(part, "content-disposition").lower().startswith("attachment") or bool(texts)
            if attached and (b"diff" in content or kind != "text/plain" or part.get_filename()):
                problems.append(Problem("attachment", f"a {kind} is attached"))
            texts.append(_one(part, content, problems))
        else:
            problems.append(Problem("attachment", f"a {kind} is attached"))
    charsets = {each.charset for each in texts if not each.text.isascii()}
    text = "".join(each.text if each.text.endswith("\n") else f"{each.text}\n" for each in texts)
    return _Text(text, False, charsets.pop() if len(charsets) == 1 else "utf-8")


def _bytes(part: Message) -> bytes:
    """A part as it was sent. The email package gives bytes only where it undoes the transfer encoding, and text only
    through the charset that is declared, which may be wrong, or unknown: so no encoding is declared meanwhile."""
    encoding = part.get("content-transfer-encoding")
    del part["content-transfer-encoding"]
    content = part.get_payload(decode=True)
    if encoding is not None:
        part["Content-Transfer-Encoding"] = encoding
    return content if isinstance(content, bytes) else b""


def _charset(message: Message) -> str:
    """What the mail says its charset is, in small letters."""
    charset = _parameter(message, "charset")
    if isinstance(charset, tuple):
        charset = charset[2]
    return str(charset).lower() if charset else ""


def _parameter(message: Message, name: str) -> object:
    try:
        return message.get_param(name) or ""
    except (ValueError, LookupError, TypeError):
        return ""


def _decoded(content: bytes, charset: str, problems: list[Problem]) -> tuple[str, str]:
    """The text, and what it was decoded by. A wrong charset is told, and what it is instead is guessed: UTF-8, or bytes
    as surrogates."""
    try:
        utf8 = content.decode("utf-8")
    except UnicodeDecodeError:
        utf8 = None
    if charset and charset not in ("us-ascii", "ascii", "utf-8", "utf8", "unknown-8bit"):
        try:
            codecs.lookup(charset)
            if utf8 is not None and not content.isascii() and charset.startswith(("iso-8859", "windows-125", "latin")):
                problems.append(Problem("charset", f"it says {charset!r} and is UTF-8"))
                return utf8, "utf-8"
            return decoded_as(content, charset), charset
        except (LookupError, ValueError):
            problems.append(Problem("charset", f"it is not {charset!r} as it says"))
    elif charset and utf8 is None:
        problems.append(Problem("charset", f"it is not {charset!r} as it says"))
    return (utf8 if utf8 is not None else content.decode("utf-8", "surrogateescape")), "utf-8"


def decoded_as(content: bytes, charset: str) -> str:
    """The text of a charset. Raises LookupError where it is none, and UnicodeError where the content is not in it:
    also where it would hold half of a character, which UTF-7 can say."""
    if codecs.lookup(charset).name.replace("_", "-") in _NO_CHARSETS:
        raise LookupError(charset)
    text = content.decode(charset)
    text.encode()
    return text


def _unflowed(text: str, delete_space: bool) -> str:
    """Undo format=flowed (RFC 3676): lines that end in a space go on, a leading space is stuffing."""
    lines: list[str] = []
    going_on = False
    for line in text.split("\n"):
        line = line.removeprefix(" ")
        if going_on and lines:
            lines[-1] += line
        else:
            lines.append(line)
        going_on = line.endswith(" ") and line != "-- "
        if going_on and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _header(message: Message, name: str) -> str:
    """A header as text, decoded as of RFC 2047, on one line."""
    return _words(_raw_header(message, name))


def _raw_header(message: Message, name: str) -> str:
    """A header on one line, as it stands there."""
    value = message.get(name)
    return "" if value is None else " ".join(_unescaped(str(value)).split())


def _words(text: str) -> str:
    """A text with its encoded words decoded (RFC 2047)."""
    if "=?" not in text:
        return text
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    found = []
    for part, charset in parts:
        if isinstance(part, str):
            found.append(part)
            continue
        try:
            found.append(decoded_as(part, charset or "utf-8"))
        except (LookupError, ValueError):
            found.append(part.decode("utf-8", "surrogateescape"))
    return " ".join("".join(found).split())


def _unescaped(value: str) -> str:
    """What is no ASCII in a header: UTF-8 as a rule, and else bytes."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def people(text: str) -> tuple[Person, ...]:
    """The persons a header names."""
    try:
        found = getaddresses([text])
    except (ValueError, IndexError, RecursionError):
        return ()
    return tuple(Person(_words(name), address) for name, address in found[:_MANY] if name or address)


@functools.lru_cache(maxsize=512)
def person(text: str) -> Person | None:
    """The one person that a tag or an in-body header names, None for none. A comma is a part of the name there, which
    git writes without quotes. A name without an address is one, too."""
    if match := _ONE.match(text):
        return Person(_words(match.group("name").strip().strip('"').strip()), match.group("address").strip())
    found = people(text)
    if found and "@" in found[0].address:
        return found[0]
    return Person(text.strip(), "") if text.strip() else None


def _mail(
    raw: RawMail, message: Message, headers_line: int, text: _Text, text_line: int, problems: list[Problem]
) -> Mail:
    sender = _raw_header(message, "from")
    senders = people(sender)
    if senders and "@" not in senders[0].address and (named := person(sender)):
        senders = (named,)
    addressed = ", ".join(value for name in ("to", "cc") if (value := _raw_header(message, name)))
    return Mail(
        path=raw.path,
        line=raw.line,
        commit=raw.commit,
        subject=_header(message, "subject"),
        subject_line=_line_of(raw.content, b"subject:", headers_line) if headers_line else raw.line,
        sender=senders[0] if senders else Person("", ""),
        to=people(addressed) if addressed else (),
        date=_header(message, "date"),
        message_id=next(iter(_ID.findall(_header(message, "message-id"))), ""),
        in_reply_to=next(iter(_ID.findall(_header(message, "in-reply-to"))), ""),
        references=tuple(_ID.findall(_header(message, "references"))[:_MANY]),
        text=text.text,
        text_line=text_line,
        exact=text.exact,
        problems=tuple(dict.fromkeys(problems)),
        charset=text.charset,
    )


def _line_of(content: bytes, name: bytes, first: int) -> int:
    """The line of the file at which a header stands, or where the headers begin."""
    for number, line in enumerate(content[:_HEADERS_BYTES].lstrip(b"\r\n").split(b"\n")):
        if line[: len(name)].lower() == name:
            return first + number
        if not line.strip():
            break
    return first
