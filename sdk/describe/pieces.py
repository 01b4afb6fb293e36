# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A header as pieces of text: comments, empty lines and declarations, each with the line where it begins.

It is not a reader of C, but of the C that the headers are written in: a comment stands before what it describes or behind it on the
same line, a declaration begins on a line of its own, and a struct's body is a list of members and comments.
"""
import re

COMMENT = re.compile(r"/\*.*?\*/", re.S)
TAIL = re.compile(r"[ \t]*(/\*.*?\*/)", re.S)
INLINE = re.compile(r"static inline\b")
CALL = re.compile(r"[A-Z_]+\([^()]*\)")


class Refused(Exception):
    """What is wrong in a header, and on which of its lines."""

    def __init__(self, line, why):
        super().__init__(why)
        self.line, self.why = line, why


class Piece:
    """kind: "comment", "blank" or "code". `tail` is the comment at the end of the declaration's last line, `full` the code with it."""

    def __init__(self, kind, text, line, tail="", full=""):
        self.kind, self.text, self.line, self.tail, self.full = kind, text, line, tail, full


def comment_text(comment):
    """The text of a comment without its frame; each line keeps its indentation."""
    lines = comment.strip()[2:-2].split("\n")
    return "\n".join(re.sub(r"^\s*\*( |$)?", "", line) if i else line.strip() for i, line in enumerate(lines)).strip("\n")


def without_comments(code):
    return COMMENT.sub(" ", code)


def split(text, first_line=1):
    """The pieces of a header, or of a struct's body."""
    at, line = 0, first_line
    while at < len(text):
        end, piece = next_piece(text, at, line)
        if piece:
            yield piece
        line += text.count("\n", at, end)
        at = end


def next_piece(text, at, line):
    gap = re.compile(r"[ \t]*\n([ \t]*\n)*|[ \t]+").match(text, at)
    if gap:
        blank = gap.group(0).count("\n") > 1
        return gap.end(), Piece("blank", "", line) if blank else None
    if text.startswith("/*", at):
        end = end_of_comment(text, at, line)
        return end, Piece("comment", comment_text(text[at:end]), line)
    end = end_of_directive(text, at, line) if text[at] == "#" else end_of_declaration(text, at, line)
    tail = TAIL.match(text, end)
    own = comment_text(tail.group(1)) if tail else ""
    behind = tail.end() if tail else end
    return behind, Piece("code", text[at:end], line, own, text[at:behind])


def end_of_comment(text, at, line):
    end = text.find("*/", at)
    if end < 0:
        raise Refused(line, "this comment does not end")
    return end + 2


def end_of_directive(text, at, line):
    """Behind a line of the preprocessor, without the comment at its end."""
    end = at
    while True:
        comment, newline = text.find("/*", end), text.find("\n", end)
        if newline < 0:
            raise Refused(line, "this line does not end")
        if 0 <= comment < newline and text[newline - 1] != "\\":
            return end + len(text[end:comment].rstrip())
        if text[newline - 1] != "\\":
            return newline
        end = newline + 1


def end_of_declaration(text, at, line):
    depth, i = 0, at
    while i < len(text):
        if text.startswith("/*", i):
            i = end_of_comment(text, i, line)
            continue
        c = text[i]
        depth += (c in "{(") - (c in "})")
        i += 1
        if depth == 0 and ends(text[at:i], text[i:i + 1]):
            return i
    raise Refused(line, "this declaration does not end")


def ends(code, following):
    """A semicolon, the body of an inline function, or a macro that stands for declarations."""
    if code[-1] == ";":
        return True
    if code[-1] == "}":
        return bool(INLINE.match(code)) or following != ";" and code.startswith("extern")
    return code[-1] == ")" and following == "\n" and bool(CALL.fullmatch(code))
