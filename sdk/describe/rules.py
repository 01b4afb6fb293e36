# SPDX-License-Identifier: LGPL-2.1-or-later
"""What has to be said of a function, and is refused where it is not: thread, errors, ownership, units. README.md lists the rules."""
import re

import annotations
import roles
from pieces import Refused

TRUTH = re.compile(r"\b(false|true|whether|returns|is|has|does|reads)\b|\?", re.I)
MEASURES = ("length", "offset", "size", "stride", "width")


def describe_function(function, name, scope, structs, line):
    """
    Fills in what the comments say of a function: roles, threads, since, deprecated, fails, null, owner. `scope`: comments from the nearest on;
    the last two are of the section and of the header, and speak of threads only. `structs`: name -> {"rule", "doc"}.
    """
    near = scope[:-2]
    if not any(text.strip() for text in near) and not scope[-2].strip():
        raise Refused(line, f"{name}: no comment says what it does")
    notes = merged(near, line)
    roles.give(function, notes, {key: value["rule"] for key, value in structs.items()}, line)
    function["threads"] = annotations.first_threads(*scope)
    if not function["threads"]:
        raise Refused(line, f"{name}: no thread, such as [locked]")
    if notes.since:
        function["since"] = notes.since
    if any(annotations.DEPRECATED.search(text) for text in near):
        function["deprecated"] = True
    check_errors(function, name, near, line)
    check_pointers(function, name, near, structs, line)
    check_units(function, name, scope[:-1], line)


def merged(texts, line):
    """The annotations of several comments; the nearest wins."""
    notes = annotations.Notes()
    for text in texts:
        found = annotations.read(text, line)
        notes.threads = notes.threads or found.threads
        notes.since = notes.since or found.since
        notes.roles = {**found.roles, **notes.roles}
    return notes


def check_errors(function, name, near, line):
    text = annotations.flat(" ".join(near))
    returned = function["returns"]
    takes_error = any(p.get("role") == "error" for p in function["parameters"])
    if takes_error:
        if returned["c"] != "bool" and not returned["stars"]:
            raise Refused(line, f"{name}: takes a struct tsr_error, and returns neither bool nor a pointer")
        if not annotations.FAILS.search(text):
            raise Refused(line, f"{name}: takes a struct tsr_error, and no comment says when it fails (\"False and error: …\")")
        function["fails"] = "NULL" if returned["stars"] else "false"
    elif returned["c"] == "bool" and not TRUTH.search(text):
        raise Refused(line, f"{name}: no comment says what true and false mean")


def check_pointers(function, name, near, structs, line):
    """Whose is what it hands out, and whether it can be NULL."""
    text = annotations.flat(" ".join(near))
    returned = function["returns"]
    if returned["stars"]:
        if "fails" not in function and not annotations.BY_NULL.search(text):
            raise Refused(line, f"{name}: returns a pointer, and no comment says whether it can be NULL")
        function["null"] = "never" if re.search(r"\bnever NULL\b", text, re.I) else "possible"
        function["owner"] = owner_of(returned, near, structs)
        if function["owner"] is None:
            raise Refused(line, f"{name}: returns a pointer, and no comment says whose it is (\"belongs to the core\", \"valid until …\")")
    for parameter in function["parameters"]:
        if parameter.get("role") == "pointer":
            parameter["owner"] = owner_of(parameter["type"], near, structs)
            if parameter["owner"] is None:
                raise Refused(line, f"{name}: no comment says whose *{parameter['name']} is (\"belongs to the core\", \"valid until …\")")


def owner_of(kind, near, structs):
    declared = structs.get(kind["base"].removeprefix("struct "), {"doc": ""})
    return annotations.owner(*near, declared["doc"])


def check_units(function, name, texts, line):
    text = annotations.flat(" ".join(texts))
    for parameter in function["parameters"]:
        if parameter["name"] in MEASURES and parameter.get("role") in ("number", "value") and not annotations.UNIT.search(text):
            raise Refused(line, f"{name}: no comment says in which unit `{parameter['name']}` is, such as bytes")


def size_rule(name, members, comment, line):
    """How a struct may grow: "sized" (it begins with its size) or "frozen"."""
    names = list(members)
    frozen = bool(re.search(r"\bFrozen\b", comment))
    at = names.index("size") if "size" in names else -1
    sized = at >= 0 and members["size"].get("type", {}).get("c") == "uint32_t" and (at == 0 or at == 1 and "Grows at its end" in
                                                                                 annotations.flat(comment))
    if sized == frozen:
        why = "has a size, and is Frozen" if frozen else "does not begin with `uint32_t size`, and its comment does not say Frozen"
        raise Refused(line, f"struct {name} {why}")
    return "sized" if sized else "frozen"
