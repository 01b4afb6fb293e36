# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What each parameter of a function is for. The declaration says it nearly always, by the conventions of the headers; where it does
not, an annotation does, and what neither says is refused.

    host      the caller's instance               self      whom the function belongs to, or what a callback is called with
    object    a handle that the other side made   number    a number, a truth value, a value of an enumeration
    text      a string                            bytes     memory of `length` `unit`, in or out
    array     structs, `length` of them           struct    one struct: in, out, or in and out when it begins with its size
    table     functions that are called back      callback  one such function
    error     filled in when it fails             value     a number by pointer
    pointer   a pointer by pointer, out           opaque    memory that only one side knows
"""
from pieces import Refused

NUMBERS = {"int", "unsigned", "short", "bool", "size_t", "tsr_gpa", "tsr_gla", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t",
           "uint16_t", "uint32_t", "uint64_t"}
MEMORY = {"void", "char", "uint8_t"}
LENGTHS = ("length", "size", "count")
# structs that are no secret, and that one side makes and the other passes back
HANDLES = ("tsr_state_writer", "tsr_state_reader", "tsr_mmu_vcpu")
SELVES = ("self", "to", "user", "job")


def is_number(kind):
    return kind["stars"] == 0 and (kind["base"] in NUMBERS or kind["base"].startswith("enum "))


def give(function, notes, structs, line):
    """Adds a role to each parameter. `structs`: name -> size rule ("opaque" for those that are only declared)."""
    parameters = function["parameters"]
    names = [p["name"] for p in parameters]
    for name, role in notes.roles.items():
        if name not in names:
            raise Refused(line, f"[{name}: …]: there is no parameter of this name")
        if role["length"] and not role["length"].isdigit() and role["length"] not in names:
            raise Refused(line, f"[{name}: …]: there is no parameter `{role['length']}`")
    for i, parameter in enumerate(parameters):
        if "callback" in parameter:
            parameter["role"] = "callback"
            give(parameter["callback"], type(notes)(), structs, line)
            continue
        following = parameters[i + 1] if i + 1 < len(parameters) else None
        explicit = notes.roles.get(parameter["name"])
        role = role_of(parameter, i, following, structs)
        if explicit:
            role = explained(role, parameter, explicit)
        if not role:
            raise Refused(line, f"`{parameter['type']['c']}{parameter['name']}`: an annotation has to say what it is, such as "
                                f"[{parameter['name']}: in 16 bytes]")
        parameter.update(role)


def explained(role, parameter, explicit):
    direction, length, unit = explicit["direction"], explicit["length"], explicit["unit"]
    if length:
        return {"role": "array" if unit == "elements" else "bytes", "direction": direction, "length": length, "unit": unit}
    return {**(role or {"role": "value" if parameter["type"]["base"] in NUMBERS else "opaque"}), "direction": direction}


def role_of(parameter, index, following, structs):
    kind, name = parameter["type"], parameter["name"]
    base, stars = kind["base"], kind["stars"]
    if base == "...":
        return {"role": "arguments"}
    if is_number(kind):
        return {"role": "number"}
    if stars > 1:
        return {"role": "pointer", "direction": "out"}
    if stars != 1:
        return None
    if base == "struct tsr_error":
        return {"role": "error", "direction": "out"}
    if base == "struct tsr_host":
        return {"role": "host"}
    if base.startswith("struct "):
        return struct_role(kind, following, structs)
    length = length_after(following)
    if base == "void" and not kind["const"] and name in SELVES and not (length and index):
        return {"role": "self"}
    if base in MEMORY and length:
        return {"role": "bytes", "direction": "in" if kind["const"] else "out", "length": length, "unit": "bytes"}
    if "array" in parameter:
        return {"role": "bytes", "direction": "in" if kind["const"] else "out", "length": parameter["array"], "unit": "bytes"}
    if base == "char" and kind["const"]:
        return {"role": "text"}
    if base == "void" and kind["const"]:
        return {"role": "opaque", "direction": "in"}
    if base in NUMBERS and not kind["const"] and base != "uint8_t":
        return {"role": "value", "direction": "out"}
    return None


def length_after(following):
    if following and "type" in following and is_number(following["type"]) and following["name"] in LENGTHS:
        return following["name"]
    return None


def struct_role(kind, following, structs):
    name = kind["base"].removeprefix("struct ")
    rule = structs.get(name)
    if rule is None:
        return None
    if rule == "opaque" or name in HANDLES and not kind["const"]:
        return {"role": "object"}
    if kind["const"] and length_after(following):
        return {"role": "array", "direction": "in", "length": following["name"], "unit": "elements"}
    if name.endswith("_ops") or name.endswith(("_port", "_listener")):
        return {"role": "table", "direction": "in"}
    direction = "in" if kind["const"] else "inout" if rule == "sized" else "out"
    return {"role": "struct", "direction": direction}
