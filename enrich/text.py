"""The one door through which foreign text reaches an output.

Titles, labels, URLs, file names and answers come from strangers. On a terminal an escape sequence can
hide a line, in a workflow log ``::error`` at the start of a line and ``##[`` anywhere in it are commands,
in Markdown a bracket makes a link, in a spreadsheet an equals sign runs, and an address may hold the
credentials of the person who copied it. Each kind of output has one function here, which gives a `Shown`;
whoever writes takes nothing else, so that the type checker finds a string that went past this door.

What surprised us: the runner of GitHub compares by the rules of a language, which skip characters without a
form. To it ``:`` ZERO WIDTH SPACE ``:`` is ``::``, so that nothing invisible can part the two; and a mention
with a backslash before it is still a mention, since the site looks for names in what the Markdown became.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache

from enrich.characters import BLANK, JOINERS, SELECTORS, has_form, with_codes
from enrich.model import Shown
from enrich.redaction import BEGINS_TOKEN, BEGINS_WEB_TOKEN, LONGEST_SECRET, redact
from enrich.redaction import REDACTED as REDACTED
from enrich.urls import is_web

# One of these is in every text that `redact` or the rules of `printable` change. Each begins with one
# character, to which the engine skips five times as fast as to one of several, and looks back from there.
_NAME_ENDS = ("token", "key", "auth", "authorization", "secret", "credential", "passwd", "password", "sig",
              "signature", "ticket", "uin", "wx_header", "sessionid")  # fmt: skip
_TELLTALES = (
    # Twice as fast as looking for it with ``in``, which stops at every colon.
    (":", re.compile("::")),
    ("#", re.compile("#(?=#)")),
    ("_", BEGINS_TOKEN),
    ("J", BEGINS_WEB_TOKEN),
    (
        "=",
        re.compile(
            f"=(?<=[nyhtldger]=)(?:{'|'.join(f'(?<={end}=)' for end in _NAME_ENDS)})", re.IGNORECASE
        ),
    ),
    ("-", re.compile("-(?<=x-amz-)", re.IGNORECASE)),
    # A percent-encoded address in another has encoded signs of equality, once or twice.
    ("%", re.compile("%(?:25)?3D(?:(?<=[ynrtd]%3D)|(?<=[ynrtd]%253D))", re.IGNORECASE)),
)
# Most names of files are as plain as this; looking for all that is not costs more than reading a short note.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9/. -]{1,500}")
_PRINTABLE_ASCII = bytes(range(0x20, 0x7F)) + b"\n"


# --- terminals and logs -----------------------------------------------------------------------------

# GitHub's runner (ActionCommand.TryParse) finds its old commands anywhere, as Azure's agent finds ``##vso[``.
_OLD_COMMAND = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)


def _inert(text: str) -> str:
    """Lines that hold no command of a workflow's runner; a backslash parts what would be one.

    GitHub's runner takes ``::`` at the start of a line after trimming (ActionCommand.TryParseV2).
    """
    # Every cell of a table comes by here, and the expression costs ten times what looking for two characters does.
    if "##" in text:
        text = _OLD_COMMAND.sub(r"#\\#", text)
    if "::" not in text:
        return text
    return "\n".join(
        line.replace("::", ":\\:", 1) if line.lstrip().startswith("::") else line
        for line in text.split("\n")
    )


def printable(text: str, limit: int = 2000) -> Shown:
    """One line that is safe on a terminal and in a workflow log: no controls, no commands, no secrets.

    What has no form of its own is shown as its code: control characters, bidirectional marks, line
    separators, halves of surrogate pairs, and zero-width characters that join nothing.
    """
    shown = _cut(text, limit)
    if not shown.isprintable() or not has_form(shown):
        shown = with_codes(shown)
    return Shown(_inert(shown))


def _cut(text: str, limit: int) -> str:
    """The beginning of a text, cut where no secret is: one that is cut in two is not found any more."""
    shown = redact(text[: limit + LONGEST_SECRET])
    if len(text) > limit + LONGEST_SECRET:
        shown = shown[:-LONGEST_SECRET] + "…"
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def is_harmless(lines: str) -> bool:
    """Whether `printable` would leave each of these lines as it is, unless it is too long.

    Ten thousand lines are looked at in the time that a few hundred take one by one. No may be in vain.
    """
    if _PLAIN_NAME.fullmatch(lines) and "eyJ" not in lines:
        return True
    if "@" in lines:
        return False
    for begins, telltale in _TELLTALES:
        # To see that a character is not there takes a tenth of the time.
        if begins in lines and telltale.search(lines):
            return False
    if lines.isascii():
        return not lines.encode().translate(None, _PRINTABLE_ASCII)
    return lines.replace("\n", "").isprintable() and has_form(lines)


def unchanged(lines: str) -> Shown | None:
    """Lines that may be shown as they are; None when `printable` has to look at them one by one."""
    return Shown(lines) if is_harmless(lines) else None


# --- putting together -------------------------------------------------------------------------------

Part = Shown | int | float | StrEnum | datetime


def fill(template: str, *parts: Part) -> Shown:
    """Our own words with what is safe in their ``{}``; TypeError for any other string.

    A type checker says so before. This check is for what it cannot see: settings and decoded JSON.
    """
    for part in parts:
        if not isinstance(part, Part):
            raise TypeError(f"{type(part).__name__} did not come through enrich.text: {part!r}")
    return Shown(_inert(template.format(*parts)))


def joined(separator: str, parts: Iterable[Shown]) -> Shown:
    """Safe parts with our own words between them."""
    listed = list(parts)
    return fill(separator.replace("{", "{{").replace("}", "}}").join(["{}"] * len(listed)), *listed)


def stacked(parts: Iterable[Shown]) -> Shown:
    """Safe lines below one another; ValueError for a part that does not end its last line.

    No command arises where two lines meet, so that nothing need be looked at again.
    """
    listed = list(parts)
    if not all(part.endswith("\n") for part in listed if part):
        raise ValueError("a part does not end its last line")
    return Shown("".join(listed))


# --- JSON -------------------------------------------------------------------------------------------

# What JSON may hold as it stands and a terminal obeys or hides: each has an escape that means the same.
_UNSEEN_IN_JSON = re.compile(
    f"[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff{BLANK}"
    "\U000e0000-\U000e007f]"
)
_COMMAND_IN_JSON = re.compile(
    f"#(?=[{SELECTORS}{JOINERS}]*#[{SELECTORS}{JOINERS}]*(?:v[{SELECTORS}{JOINERS}]*s|\\[))",
    re.IGNORECASE,
)


def _json_escape(match: re.Match[str]) -> str:
    import json

    return json.dumps(match[0])[1:-1] if match[0] != "\x7f" else "\\u007f"


@cache
def _encoder() -> Callable[[object], bytes]:
    """Whoever prints lines of text needs none; to import it for each row takes as long as to redact that."""
    from enrich.codec import encode

    return encode


def json_row(record: object) -> Shown:
    """A record as one line of JSON without secrets; read again, everything else is as it was.

    Redacting the encoded line reaches every field at once; it never touches the JSON syntax, since a
    credential ends before a quotation mark.
    """
    try:
        encoded = _encoder()(record).decode()
    except UnicodeEncodeError:
        # Half of a surrogate pair has no form in UTF-8, and must not cost the report.
        import json

        import msgspec

        plain = json.dumps(msgspec.to_builtins(record), ensure_ascii=False, separators=(",", ":"))
        encoded = plain.encode("utf-8", "replace").decode()
    encoded = redact(encoded)
    if not encoded.isascii() or "\x7f" in encoded:
        encoded = _UNSEEN_IN_JSON.sub(_json_escape, encoded)
    return Shown(_COMMAND_IN_JSON.sub(r"\\u0023", encoded) if "#" in encoded else encoded)


def json_array(rows: Iterable[Shown]) -> Iterator[Shown]:
    """Rows of JSON as one array, a row a line, so that two files can be compared with the tools for text."""
    yield fill("[")
    separator = "\n"
    for row in rows:
        # What is inert as a line of its own needs no second look behind the end of another one.
        yield Shown(separator + row)
        separator = ",\n"
    yield fill("\n]")


def read_back(text: str) -> Shown:
    """What `json_row` gave, out of the file without a name where it has waited; never what stands in another."""
    return Shown(text)


# --- Markdown ---------------------------------------------------------------------------------------

# CommonMark 2.4: any punctuation may be escaped. What is left out here means something at the start of a line
# alone, or nothing.
_MARKDOWN_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&$^])")
_MARKDOWN_START = re.compile(r"\A(\d{1,9}(?=\.)|(?=[-=:]))")
# What GitHub turns into links by itself, a backslash or not: mentions, issues, commits, addresses (GFM 6.9).
# It leaves code spans alone, and they can still be copied, unlike words with something invisible inside.
_LINKS_ITSELF = re.compile(
    r"@[\w-]|#\d|\bGH-\d|\b[0-9a-f]{40}\b|//|\bwww\.|\b(?:mailto|xmpp):", re.IGNORECASE
)
_WORD = re.compile(r"[^ ]+")
# A page that is cut where it grows too long must not be filled by one address. Browsers and servers take about as much.
_LONGEST_LINK = 2000


def _markdown_word(match: re.Match[str]) -> str:
    word = match[0]
    if _LINKS_ITSELF.search(word) is None:
        return _MARKDOWN_PUNCTUATION.sub(r"\\\1", word)
    return _as_code(word)


def markdown_code(text: str, limit: int = 300) -> Shown:
    """Text as code in a Markdown paragraph or table cell. Nothing is active in code.

    A backtick, a pipe and a backslash stand between two pieces of code: the first would end it, and a table
    takes the others for itself wherever they stand (GFM 4.10).
    """
    return Shown(_as_code(_markdown_text(text, limit)))


def _as_code(shown: str) -> str:
    pieces = re.split(r"([`|\\]+)", shown)
    escaped = (_MARKDOWN_PUNCTUATION.sub(r"\\\1", piece) for piece in pieces[1::2])
    return "".join(
        part for pair in zip(map(_span, pieces[::2]), (*escaped, ""), strict=True) for part in pair
    )


def _span(piece: str) -> str:
    if not piece.strip():
        return piece
    # CommonMark 6.1: of code that begins and ends with a space, one is taken at either end.
    return f"` {piece} `" if piece[0] == piece[-1] == " " else f"`{piece}`"


def _markdown_text(text: str, limit: int) -> str:
    return " ".join(printable(" ".join(text.split()), limit).split())


def markdown(text: str, limit: int = 300) -> Shown:
    """Text for a Markdown paragraph or table cell, with nothing active left in it."""
    shown = _WORD.sub(_markdown_word, _markdown_text(text, limit))
    return Shown(_MARKDOWN_START.sub(r"\1\\", shown, count=1))


def markdown_link(url: str, limit: int = 80) -> Shown:
    """An address as a link that shows itself; what is not of the web stays text."""
    address = web_address(url)
    if address is None or len(address) > _LONGEST_LINK:
        return markdown(url)
    return Shown(f"[{markdown_code(url, limit)}](<{address.replace('&', '&amp;')}>)")


# --- the web ----------------------------------------------------------------------------------------


# What is left as it is below, so that nearly no address needs quoting, which takes ten times as long.
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9/:?&=#%+,;@!$*~._\[\]-]*")


def web_address(url: str) -> Shown | None:
    """An http or https address without credentials, in characters that no syntax takes for its own.

    None for any other scheme: ``javascript:`` in a report would be a program of somebody else.
    """
    if not is_web(url):
        return None
    from urllib.parse import quote

    plain = redact(url)
    if _PLAIN_ADDRESS.fullmatch(plain) and plain.count("#") < 2:
        return Shown(plain)
    written = plain.encode("utf-8", "replace")
    # A fragment holds no second `#` (RFC 3986 section 3.5), and two of them may begin a workflow's command.
    address, mark, fragment = quote(written, safe="/:?&=#%+,;@!$*~-._[]").partition("#")
    return Shown(address + mark + fragment.replace("#", "%23"))


def markup(text: str, limit: int = 2000) -> Shown:
    """Text for an element or a quoted attribute of HTML or XML.

    What XML 1.0 forbids (section 2.2) is among what `printable` shows as codes.
    """
    return Shown(_escaped(printable(text, limit)))


def href(url: str) -> Shown | None:
    """The value of an HTML ``href`` or ``src`` attribute; None where the address is not of the web."""
    address = web_address(url)
    return None if address is None else Shown(_escaped(address))


def script_json(record: object) -> Shown:
    """A record as JSON inside a ``<script>`` element: nothing in it ends the element or begins a comment."""
    encoded = json_row(record).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Shown(encoded)


def own_source(text: str) -> Shown:
    """A file of this package or of a library, such as a style sheet, as it stands. Never what a stranger wrote."""
    return Shown(text)


def _escaped(shown: Shown) -> str:
    from html import escape

    return escape(shown, quote=True)


# --- tables, annotations, results -------------------------------------------------------------------

# OWASP, "CSV Injection", and ASVS 5.0, 1.2.10; the wide forms are read as the narrow ones in some locales. Tabs,
# line ends and NULs, which the list also names, are shown as codes.
_FORMULA = re.compile("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]")


def csv_cell(text: str, limit: int = 2000) -> Shown:
    """A quoted field of CSV (RFC 4180) that no spreadsheet takes for a formula."""
    shown = printable(text, limit)
    mark = "'" if _FORMULA.match(shown) else ""
    return Shown('"' + mark + shown.replace('"', '""') + '"')


def workflow_data(text: str, limit: int = 2000) -> Shown:
    """The message of a workflow command (actions/toolkit, ``escapeData``); line ends are shown as codes."""
    return Shown(printable(text, limit).replace("%", "%25"))


def workflow_property(text: str, limit: int = 2000) -> Shown:
    """The value of a workflow command's property (actions/toolkit, ``escapeProperty``)."""
    return Shown(workflow_data(text, limit).replace(":", "%3A").replace(",", "%2C"))


def workflow_command(name: str, properties: Mapping[str, str], message: str) -> Shown:
    """A line that a workflow's runner obeys: ours, with what others wrote in its properties and message.

    ``name`` and the names of properties are words of this program.
    """
    given = ",".join(f"{key}={workflow_property(value)}" for key, value in properties.items())
    head = f"{name} {given}" if given else name
    return Shown(f"::{head}::{workflow_data(message)}\n")


_SARIF_SYNTAX = re.compile(r"([\\\[\]])")


def sarif(text: str, limit: int = 2000) -> Shown:
    """The text of a SARIF message: brackets would be links (2.1.0, 3.11.6), braces placeholders (3.11.5)."""
    shown = _SARIF_SYNTAX.sub(r"\\\1", printable(text, limit))
    return Shown(shown.replace("{", "{{").replace("}", "}}"))


# --- bibliographies ---------------------------------------------------------------------------------

_FORMULA_OF_TEX = re.compile(r"(?<![\\$])\$[^$]{1,200}\$(?!\$)")
_COMMAND_OF_TEX = re.compile(r"\\([A-Za-z]+|.|$)")
# TeX can read and write files, and without braces too, so that only these are kept.
_DRAWING = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi
    varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell hbar infty nabla partial prime
    times cdot circ pm mp ast star oplus otimes leq geq le ge neq ne approx sim simeq equiv propto in subset to
    rightarrow leftarrow Rightarrow leftrightarrow mapsto sum prod int sqrt frac log exp sin cos max min
    mathbb mathcal mathbf mathrm mathsf mathit mathfrak rm bf cal text hat bar tilde vec dot overline
"""
_COMMANDS_OF_FORMULAS = frozenset(_DRAWING.split())
# A brace counts for BibTeX even behind a backslash.
_TEX_SYNTAX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "$": r"\$", "&": r"\&",
    "%": r"\%", "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_TEX_CHARACTER = re.compile("[" + re.escape("".join(_TEX_SYNTAX)) + "]")


def bibtex(text: str, limit: int = 20_000) -> Shown:
    """The value of a BibTeX field, to stand in braces. Formulas ``$…$`` stay as long as they only draw."""
    shown = printable(" ".join(text.split()), limit)
    pieces, end = [], 0
    for formula in filter(_only_draws, _FORMULA_OF_TEX.finditer(shown)):
        pieces += [_tex_escaped(shown[end : formula.start()]), formula[0]]
        end = formula.end()
    return Shown("".join([*pieces, _tex_escaped(shown[end:])]))


def _only_draws(formula: re.Match[str]) -> bool:
    """Whether a formula holds no other commands than signs and letters, and all its braces pair."""
    depth = 0
    for character in formula[0]:
        depth += (character == "{") - (character == "}")
        if depth < 0 or character in "%#&~":
            return False
    return depth == 0 and all(
        command in _COMMANDS_OF_FORMULAS for command in _COMMAND_OF_TEX.findall(formula[0])
    )


def _tex_escaped(text: str) -> str:
    return _TEX_CHARACTER.sub(lambda character: _TEX_SYNTAX[character[0]], text)
