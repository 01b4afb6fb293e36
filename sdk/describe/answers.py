# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Tables in which somebody who stands between the two sides of the interfaces (taps, isolation, wrappers) answers for each function:

    tessera.dma/1 OPTIONS       an interface; below it, indented, its functions
        read    ANSWER          what is done with this one
        map     - WHY           nothing is, and why that is right
        *       - WHY           the same of all functions that have no line
    tessera.log/1 - WHY         the same of all functions
    tsr_io_ops                  a struct of functions that are called back, such as what `tessera.io/1` is given

A table is checked against the description: a function without an answer is an error, and so is an answer for what does not exist.
"""
import json
import pathlib

from pieces import Refused


class Interface:
    def __init__(self, name, options, line):
        self.name, self.options, self.line = name, options, line
        self.functions = {}  # name -> (answer, line)
        self.rest = options if options.startswith("- ") else None


def read(text):
    """name -> Interface"""
    found, current = {}, None
    for line, row in enumerate(text.split("\n"), 1):
        if not row.strip() or row.startswith("#"):
            continue
        name, _, answer = row.strip().replace("\t", " ").partition(" ")
        answer = answer.strip()
        if not row[0].isspace():
            if name in found:
                raise Refused(line, f"{name} has two entries")
            current = found[name] = Interface(name, answer, line)
        elif current is None or current.options.startswith("- "):
            raise Refused(line, f"{name} belongs to no interface that has answers of its own")
        elif name == "*":
            if not answer.startswith("- "):
                raise Refused(line, "what is done with all other functions has to be \"- WHY\"")
            current.rest = answer
        elif name in current.functions:
            raise Refused(line, f"{current.name} {name} has two answers")
        elif not answer:
            raise Refused(line, f"{current.name} {name} has no answer")
        else:
            current.functions[name] = (answer, line)
    return found


def check(found, interfaces):
    """(line, why) of what the table lacks, and of what it has too much. `interfaces`: what there is to be answered for."""
    known = {interface["name"]: interface for interface in interfaces}
    wrong = [(entry.line, f"there is no interface {name}") for name, entry in found.items() if name not in known]
    for name, interface in known.items():
        entry = found.get(name)
        if not entry:
            wrong.append((1, f"nobody answers for {name}"))
            continue
        wrong += [(line, f"{name} has no function {function}") for function, (_, line) in entry.functions.items()
                  if function not in interface["functions"]]
        if entry.rest is None:
            wrong += [(entry.line, f"nobody answers for {name} {function}") for function in interface["functions"]
                      if function not in entry.functions]
        elif entry.functions and set(entry.functions) >= set(interface["functions"]):
            wrong.append((entry.line, f"{name} has no other functions"))
    return sorted(wrong)


def tables(described):
    """What can be answered for: the interfaces, and other structs of functions, in the form of interfaces."""
    known = {interface["table"] for interface in described["interfaces"]}
    others = [{"name": item["name"], "table": item["name"], "side": "callback", "draft": header["draft"], "functions": functions_of(item)}
              for header in described["headers"] for item in header["items"]
              if item["kind"] == "struct" and item["name"] not in known and functions_of(item)]
    return described["interfaces"] + others


def functions_of(struct):
    return [m["name"] for group in struct["groups"] for m in group["members"] if "function" in m]


def load(description, path, is_answered=lambda table: True):
    """(description, table) of a file with a table that answers for all interfaces, or those of which `is_answered` says so; SystemExit
    with all errors."""
    path, described = pathlib.Path(path), json.loads(pathlib.Path(description).read_text())
    try:
        found = read(path.read_text())
        wrong = check(found, [table for table in tables(described) if is_answered(table)])
    except Refused as refused:
        wrong = [(refused.line, refused.why)]
    if wrong:
        raise SystemExit("\n".join(f"{path}:{line}: {why}" for line, why in wrong))
    return described, found


def functions(described, table):
    """name -> function, of a table's struct."""
    for header in described["headers"]:
        for item in header["items"]:
            if item["kind"] == "struct" and item["name"] == table:
                return {m["name"]: m["function"] for group in item["groups"] for m in group["members"] if "function" in m}
    raise KeyError(table)
