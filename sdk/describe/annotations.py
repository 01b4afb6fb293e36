# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What comments say in a form that programs read. README.md has the grammar; in short:

    [locked]                          on which thread, or with what held
    [locked; bitmap: out count bits]  what a parameter is, where its declaration does not say it
    Since ABI 1.2.                    when it was added
    DEPRECATED                        it is only there for plugins of before
    False and error: …                how it fails
    valid until detach, belongs to …  how long a pointer is good, and whose it is

A bracket that begins with a small letter or "!" is an annotation, unless it stands directly behind a word ("bitmap[n]"). Of several
threads in a comment the last one is the function's; those before it are of what it calls back.
"""
import re

from pieces import Refused

BRACKET = re.compile(r"(?<![\w\])`])\[([a-z!][^\]]*)\]")
CONTEXTS = ("main", "vcpu", "locked", "any", "!running", "signal")
ROLE = re.compile(r"^(\w+): (in|out|in out)(?: (\w+) (bytes|bits|elements))?$")
SINCE = re.compile(r"\bSince ABI (\d+)\.(\d+)\b")
DEPRECATED = re.compile(r"\bDEPRECATED\b")
FAILS = re.compile(r"\b(false|NULL)\b[^.]{0,20}?\band (?:an )?error\b|\berrors as `\w+`|\breturns false\b", re.I)
BY_NULL = re.compile(r"\bNULL\b")
UNTIL = re.compile(r"\b(?:valid|stays?|lives?|alive) (?:\w+ ){0,2}?(until [^.;:,]+|as long as [^.;:,]+|while [^.;:,]+)|\bfreed at (detach)\b",
                   re.I)
OWNER = re.compile(r"\b(?:belongs? to|owned by) the (core|caller|plugin|requester)\b|\bthe (core|caller)'s\b|\b(constant) (?:table|text)\b", re.I)
UNIT = re.compile(r"\b(bytes?|pixels?|pages?|sectors?|elements?|pieces?|multiple|length|widths?|BARs?|numbers?|bits?)\b", re.I)


class Notes:
    """The annotations of one comment."""

    def __init__(self):
        self.threads, self.roles, self.since = None, {}, None


def flat(text):
    return " ".join(text.split())


def read(text, line):
    """The Notes of a comment; an annotation that is none is refused."""
    notes = Notes()
    for bracket in BRACKET.findall(flat(text)):
        for item in bracket.split(";"):
            read_item(item.strip(), notes, line)
    since = SINCE.search(flat(text))
    notes.since = [int(since[1]), int(since[2])] if since else None
    return notes


def read_item(item, notes, line):
    role = ROLE.match(item)
    if role:
        notes.roles[role[1]] = {"direction": role[2].replace(" ", ""), "length": role[3], "unit": role[4]}
        return
    words = [word.strip() for word in re.split(r"[,&]", item)]
    unknown = [word for word in words if word not in CONTEXTS]
    if unknown:
        raise Refused(line, f"[{item}] is no annotation: `{unknown[0]}` is none of {', '.join(CONTEXTS)}, and no `PARAMETER: in|out|in out`")
    notes.threads = words


def first_threads(*texts):
    """The nearest comment that says on which thread; whole sentences say it, too."""
    for text in texts:
        notes = read(text, 0)
        if notes.threads:
            return notes.threads
        if re.search(r"\block held\b|\bunder the lock\b", flat(text)):
            return ["locked"]
    return None


def owner(*texts):
    """Whose a pointer is and how long it is good: {"owner", "until"} as far as a comment says it; None: not a word."""
    for text in texts:
        text = flat(text)
        whose, until = OWNER.search(text), UNTIL.search(text)
        if whose or until:
            found = {}
            if whose:
                found["owner"] = next(word for word in whose.groups() if word).lower()
            if until:
                found["until"] = until[1] or f"until {until[2]}"
            return found
    return None
