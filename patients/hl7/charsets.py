"""In which characters a message is written: MSH-18 says so, its bytes must agree."""

import re

from .message import Unreadable

# HL7 table 0211 and what senders write for it, in capitals without spaces, "-", "_", "/".
CHARSETS = {
    "88591": "latin-1", "ISO88591": "latin-1", "LATIN1": "latin-1",
    "88592": "iso8859-2", "88593": "iso8859-3", "88594": "iso8859-4", "88595": "iso8859-5",
    "88596": "iso8859-6", "88597": "iso8859-7", "88598": "iso8859-8", "88599": "iso8859-9",
    "885915": "iso8859-15", "UNICODEUTF8": "utf-8", "UTF8": "utf-8", "UNICODE": "utf-8",
    "ISOIR192": "utf-8",
    # What `files.open_messages` has made UTF-8; on the wire its NUL bytes are refused.
    "UNICODEUTF16": "utf-8", "UTF16": "utf-8", "WINDOWS1252": "cp1252", "CP1252": "cp1252",
    "GB180302000": "gb18030", "KSX1001": "euc-kr", "BIG5": "big5", "CNS116431992": "big5",
    "ISOIR87": "iso2022-jp", "ISOIR159": "iso2022-jp-1",
}  # fmt: skip
UNDECLARED = {"", "ASCII", "ISOIR6", "ISOIR14"}
HEADER = re.compile(rb"\s*(?:\xef\xbb\xbf)?MSH([^\r\n]{1,4000})", re.ASCII)


def decode(raw: bytes) -> str:
    """The text of one message. Raises Unreadable when its bytes are not what MSH-18 says.

    Without a word of its charset a message is UTF-8 or, as of old, Windows-1252.
    """
    if b"\0" in raw:
        raise Unreadable(
            "The message holds NUL bytes, which no text has. Send it again; the copy is damaged."
        )
    declared = declared_charset(raw)
    plain = re.sub(r"[\s_/-]", "", declared).upper()
    if plain in UNDECLARED:
        return _undeclared(raw)
    charset = CHARSETS.get(plain)
    if charset is None:
        raise Unreadable(
            "The character set in MSH-18 is not known here. Send UNICODE UTF-8 or 8859/1."
        )
    try:
        return raw.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError:
        raise Unreadable(
            f"The message is not written in the character set of its MSH-18, {declared[:30]}. "
            "Correct MSH-18 or the message."
        ) from None


def declared_charset(raw: bytes) -> str:
    """MSH-18 of a message, its first repetition; "" where there is none."""
    header = HEADER.match(raw)
    if not header:
        return ""
    rest = header[1].decode("latin-1")
    fields = rest.split(rest[0])
    if len(fields) <= 17:
        return ""
    encoding_characters = fields[1]
    repetition = encoding_characters[1:2] or "~"
    return fields[17].split(repetition)[0].strip()


def _undeclared(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
