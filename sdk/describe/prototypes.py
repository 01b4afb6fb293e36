# SPDX-License-Identifier: LGPL-2.1-or-later
"""C of what the description has of a function: for generators of functions that stand in the place of others."""


def space(c_type):
    return c_type if c_type.endswith("*") else c_type + " "


def declaration(parameter):
    if "callback" not in parameter:
        return space(parameter["type"]["c"]) + parameter["name"]
    callback = parameter["callback"]
    inner = ", ".join(declaration(p) for p in callback["parameters"]) or "void"
    return f"{space(callback['returns']['c'])}(*{parameter['name']})({inner})"


def prototype(name, function):
    parameters = ", ".join(declaration(parameter) for parameter in function["parameters"])
    return f"static {space(function['returns']['c'])}{name}({parameters})"
