# SPDX-License-Identifier: LGPL-2.1-or-later
"""
C declarations as data: functions with their parameters, members of structs, values of enumerations. What is not one of the forms
that the headers use is refused, and never guessed.
"""
import ast
import re

from pieces import Refused, without_comments

FUNCTION_POINTER = re.compile(r"^(.*?)\(\*(\w+)\)\((.*)\)(.*)$", re.S)
PARAMETER = re.compile(r"^(.*?[\s*])(\w+)((?:\[[^\]]*\])*)$", re.S)
ATTRIBUTE = re.compile(r"\b(TSR_PRINTF\([^()]*\)|__attribute__\(\(.*?\)\)\)?)", re.S)
QUALIFIER = re.compile(r"\b(const|volatile)\b")


def squeeze(code):
    """One space between words, none behind a star."""
    return re.sub(r"\*\s+", "*", re.sub(r"\s+", " ", without_comments(code))).strip()


def split_commas(code):
    """Parts between the commas that are in no brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(code):
        depth += (c in "({[") - (c in ")}]")
        if c == "," and depth == 0:
            parts.append(code[start:i])
            start = i + 1
    return [part.strip() for part in parts + [code[start:]] if part.strip()]


def parse_type(text, line):
    """A type that is no function's: its C text, how many stars, the struct or enum that it names, and whether that is const."""
    text = squeeze(text)
    base = QUALIFIER.sub("", text.rstrip("*").strip()).strip()
    if not re.fullmatch(r"(struct |enum |unsigned |signed |long )*\w+", base):
        raise Refused(line, f"`{text}` is no type that can be described")
    return {"c": text, "base": base, "stars": len(text) - len(text.rstrip("*")), "const": text.startswith("const ")}


def parse_parameter(code, line):
    if code == "...":
        return {"name": "...", "type": {"c": "...", "base": "...", "stars": 0, "const": False}}
    pointer = FUNCTION_POINTER.match(code)
    if pointer:
        return {"name": pointer[2], "callback": signature(pointer[1], pointer[3], line)}
    match = PARAMETER.match(squeeze(code))
    if not match or match[2] in ("int", "unsigned", "char", "bool", "void"):
        raise Refused(line, f"the parameter `{squeeze(code)}` has no name")
    parameter = {"name": match[2], "type": parse_type(match[1], line)}
    if match[3]:
        parameter["array"] = match[3][1:-1].strip()
        parameter["type"]["stars"] += 1
        parameter["type"]["c"] = re.sub(r"(\w)$", r"\1 ", parameter["type"]["c"]) + "*"
    return parameter


def signature(returned, parameters, line):
    """What a function returns and takes."""
    parameters = squeeze(parameters)
    listed = [] if parameters == "void" else split_commas(parameters)
    return {"returns": parse_type(returned, line), "parameters": [parse_parameter(p, line) for p in listed]}


def parse_inline(code, line):
    """(name, signature) of an inline function."""
    prototype = squeeze(ATTRIBUTE.sub(" ", code[:code.index("{")]))
    match = re.match(r"^static inline (.*?[\s*])(\w+)\((.*)\)$", prototype)
    if not match:
        raise Refused(line, "this inline function cannot be read")
    return match[2], signature(match[1], match[3], line)


def parse_member(code, line):
    """A list of members: (name, {"function": signature}) or (name, {"type": …, "array": …}) or (name, {"members": …})."""
    code = squeeze(ATTRIBUTE.sub(" ", code)).rstrip(";").strip()
    nested = re.match(r"^struct \{(.*)\} ([\w, ]+)$", code, re.S)
    if nested:
        inner = [m for part in nested[1].split(";") if part.strip() for m in parse_member(part + ";", line)]
        return [(name.strip(), {"members": dict(inner)}) for name in nested[2].split(",")]
    pointer = FUNCTION_POINTER.match(code)
    if pointer:
        return [(pointer[2], {"function": signature(pointer[1], pointer[3], line)})]
    first, *others = split_commas(code)
    match = PARAMETER.match(first)
    if not match:
        raise Refused(line, f"the member `{code}` cannot be read")
    base = match[1]
    found = [declared(base, match[2], match[3], line)]
    for other in others:
        part = re.match(r"^(\**)(\w+)((?:\[[^\]]*\])*)$", other)
        if not part:
            raise Refused(line, f"the member `{other}` cannot be read")
        found.append(declared(base.rstrip("* ") + " " + part[1], part[2], part[3], line))
    return found


def declared(type_text, name, array, line):
    member = {"type": parse_type(type_text, line)}
    if array:
        member["array"] = [length for length in re.findall(r"\[([^\]]*)\]", array)]
    return name, member


def evaluate(expression, known, line):
    """The number that a constant expression of known names is."""
    text = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", squeeze(expression))
    try:
        return number(ast.parse(text, mode="eval").body, known)
    except (SyntaxError, KeyError, TypeError):
        raise Refused(line, f"the value `{squeeze(expression)}` cannot be read") from None


OPERATIONS = {ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b, ast.BitOr: lambda a, b: a | b,
              ast.BitAnd: lambda a, b: a & b, ast.LShift: lambda a, b: a << b, ast.RShift: lambda a, b: a >> b}


def number(node, known):
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name):
        return known[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -number(node.operand, known)
    if isinstance(node, ast.BinOp):
        return OPERATIONS[type(node.op)](number(node.left, known), number(node.right, known))
    raise TypeError
