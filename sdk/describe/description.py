# SPDX-License-Identifier: LGPL-2.1-or-later
"""All headers of a folder as one description; README.md has its form."""
import re

from header import Header
from pieces import Refused

# The order of the pages; others follow. Also the order in which constants are known.
ORDER = ["abi", "plugin", "device", "error", "state", "host", "pci", "block", "net", "chardev", "display", "input", "bytes",
         "draft/interrupts", "draft/pci-host", "draft/shadow-ram", "draft/a20", "draft/x86", "draft/phys", "draft/mmu", "draft/cpu", "draft/interpreter", "draft/x86-state", "draft/x86-facts",
         "draft/x86-models", "draft/ide", "draft/isa-forward", "draft/shutdown-code"]
NAME = re.compile(r"tessera\.([a-z0-9-]+)/\d+")


def names_of(folder):
    found = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.h")} - {"tessera", "draft/draft"}
    return [name for name in ORDER if name in found] + sorted(found - set(ORDER))


def read_all(folder):
    """(headers, errors): the described headers, and lines FILE:LINE: WHY."""
    structs, constants, headers, errors = {}, {}, [], []
    for name in names_of(folder):
        try:
            headers.append(Header(name, (folder / f"{name}.h").read_text(), structs, constants))
        except Refused as refused:
            errors.append(f"{folder / name}.h:{refused.line}: {refused.why}")
    for header in headers:
        header.declare()
    described = [] if any(header.errors for header in headers) else [header.describe() for header in headers]
    for header in headers:
        errors += [f"{folder / header.name}.h:{line}: {why}" for line, why in sorted(set(header.errors))]
    return described, errors


def items(headers, kind):
    for header in headers:
        for item in header["items"]:
            if item["kind"] == kind:
                yield header, item


def functions_of(struct):
    return [member for group in struct["groups"] for member in group["members"] if "function" in member]


def interfaces(headers, folder):
    """(interfaces, errors): each name of an interface with its table, and whether the host has it or plugins provide it."""
    structs = {item["name"]: item for _, item in items(headers, "struct")}
    found, errors = [], []
    for header, macro in items(headers, "macro"):
        if not NAME.fullmatch(macro.get("text", "")):
            continue
        word = macro["name"].removeprefix("TSR_").lower()
        names = [f"tsr_{word.removeprefix('factory_')}_class"] if word.startswith("factory_") else [f"tsr_{word}_table", f"tsr_{word}"]
        table = next((name for name in names if name in structs), None)
        place = f"{folder / header['name']}.h:{macro['line']}: {macro['name']}"
        if not table:
            errors.append(f"{place}: there is no struct {' or '.join(reversed(names))} with its functions")
        elif structs[table]["size_rule"] != "sized":
            errors.append(f"{place}: struct {table} does not begin with its size")
        else:
            takes_host = any(p.get("role") == "host" for f in functions_of(structs[table]) for p in f["function"]["parameters"][:1])
            found.append({"name": macro["text"], "macro": macro["name"], "table": table, "header": header["name"], "draft": header["draft"],
                          "side": "host" if takes_host else "plugin", "functions": [f["name"] for f in functions_of(structs[table])]})
    return found, errors


def describe(folder):
    """(description, errors) of FOLDER/tessera; errors are lines FILE:LINE: WHY, and with any of them there is no description."""
    headers, errors = read_all(folder / "tessera")
    if errors:
        return None, errors
    found, errors = interfaces(headers, folder / "tessera")
    constants = {item["name"]: item["value"] for _, item in items(headers, "macro") if "value" in item}
    abi = {part: constants["TSR_ABI_" + part.upper()] for part in ("major", "minor", "first_minor")}
    return (None if errors else {"abi": abi, "interfaces": found, "headers": headers}), errors
