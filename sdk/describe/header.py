# SPDX-License-Identifier: LGPL-2.1-or-later
"""One header: its items in the order in which they stand, each with what its comments say."""
import re

import annotations
import declarations
import pieces
import rules
from pieces import Refused

IGNORED = re.compile(r"#(include|ifndef|ifdef|endif|undef|if|else|error)\b|#define TESSERA_\w+_H\b|static_assert\b|extern\b")
DATA = re.compile(r"(?:static const struct \w+|TSR_EXTERN_C [\w ]*?) (\w+)(?:\[\] = \{|;)")
ANONYMOUS = re.compile(r"static const struct \{")
NAMED = re.compile(r"(struct|enum) (\w+)\b")
DEFINE = re.compile(r"#define (\w+)(\([^()]*\))?[ \t]*(.*)", re.S)


class Header:
    """`name`: as "draft/cpu". `structs`, `constants`: of this header and of those before; it adds its own."""

    def __init__(self, name, text, structs, constants):
        self.name, self.structs, self.constants = name, structs, constants
        self.items, self.errors = [], []
        self.above = self.pending = self.section = ""
        self.head, self.body = self.split_head(text)

    def split_head(self, text):
        found = [piece for piece in pieces.split(text) if piece.kind != "blank"]
        if len(found) < 2 or found[0].kind != "comment" or "SPDX-License-Identifier" not in found[0].text:
            raise Refused(1, "a header begins with the SPDX line and a comment that says what it is")
        if found[1].kind != "comment":
            raise Refused(found[1].line, "a header's second comment says what it is")
        annotations.read(found[1].text, found[1].line)
        return found[1].text, [piece for piece in pieces.split(text)][2:]

    def guarded(self, piece, action):
        try:
            action(piece)
        except Refused as refused:
            self.errors.append((refused.line or piece.line, refused.why))

    def declare(self):
        """First pass: what structs and constants there are, for those who use them before they are defined."""
        comment = ""
        for piece in self.body:
            if piece.kind == "code":
                self.guarded(piece, lambda piece, comment=comment: self.declare_piece(piece, comment))
            else:
                comment = piece.text if piece.kind == "comment" else ""

    def declare_piece(self, piece, comment):
        match = NAMED.match(piece.text)
        if match and match[1] == "struct":
            if "{" not in piece.text:
                self.structs.setdefault(match[2], {"rule": "opaque", "doc": piece.tail or comment})
            else:
                rule = rules.size_rule(match[2], dict(self.members_of(piece)), comment, piece.line)
                self.structs[match[2]] = {"rule": rule, "doc": comment}
        elif match:
            self.values(piece)
        define = DEFINE.match(piece.text)
        if define and not define[2]:
            try:
                self.constants[define[1]] = declarations.evaluate(define[3].replace("\\\n", " "), self.constants, piece.line)
            except Refused:
                pass

    def members_of(self, piece):
        for part in pieces.split(self.inside(piece), piece.line + piece.text[:piece.text.index("{")].count("\n")):
            if part.kind == "code":
                yield from declarations.parse_member(part.text, part.line)

    @staticmethod
    def inside(piece):
        return piece.text[piece.text.index("{") + 1:piece.text.rindex("}")]

    def describe(self):
        """Second pass: the items."""
        for piece in self.body:
            self.guarded(piece, getattr(self, "on_" + piece.kind))
        self.flush()
        return {"name": self.name, "file": f"tessera/{self.name}.h", "draft": self.name.startswith("draft/"), "doc": self.head,
                "items": self.items}

    def on_blank(self, _):
        self.flush()
        self.above = ""

    def on_comment(self, piece):
        if piece.text.startswith("clang-format "):
            return
        self.flush()
        annotations.read(piece.text, piece.line)
        if piece.text.startswith("-- "):
            title, _, rest = piece.text[3:].partition("\n")
            self.items.append({"kind": "section", "title": title})
            self.above = self.section = rest or title
            self.pending = rest
        else:
            self.above = self.pending = piece.text

    def flush(self):
        if self.pending:
            self.items.append({"kind": "text", "doc": self.pending})
        self.pending = ""

    def take_doc(self):
        """The comment that stands before what comes now."""
        doc, self.pending = self.pending, ""
        return doc

    def on_code(self, piece):
        annotations.read(piece.tail, piece.line)
        named = NAMED.match(piece.text)
        if pieces.INLINE.match(piece.text):
            self.function(piece)
        elif named and "{" in piece.text:
            (self.struct if named[1] == "struct" else self.enum)(piece, named[2])
        elif named and piece.tail:
            self.items.append({"kind": "type", "name": f"{named[1]} {named[2]}", "doc": self.take_doc(), "line": piece.line, "code": piece.full})
        elif named or IGNORED.match(piece.text):
            return
        elif piece.text.startswith("#define"):
            self.macro(piece)
        elif piece.text.startswith("typedef"):
            self.items.append({"kind": "type", "name": re.search(r"(\w+);", piece.text)[1], "doc": self.take_doc(), "line": piece.line,
                               "code": piece.full})
        elif DATA.match(piece.text):
            self.items.append({"kind": "data", "name": DATA.match(piece.text)[1], "doc": self.take_doc(), "line": piece.line,
                               "code": piece.full})
        elif pieces.CALL.fullmatch(piece.text) or ANONYMOUS.match(piece.text):
            self.flush()
        else:
            raise Refused(piece.line, f"`{piece.text.split(chr(10))[0]}` is nothing that a header can have")

    def macro(self, piece):
        match = DEFINE.match(piece.text)
        item = {"kind": "macro", "name": match[1], "doc": self.take_doc(), "line": piece.line, "code": piece.full}
        text = re.fullmatch(r'\\?\s*"([^"]*)"', match[3].strip())
        if not match[2] and text:
            item["text"] = text[1]
        elif match[1] in self.constants and not match[2]:
            item["value"] = self.constants[match[1]]
        self.items.append(item)

    def function(self, piece):
        name, function = declarations.parse_inline(piece.text, piece.line)
        doc = self.take_doc()
        rules.describe_function(function, name, (self.above, self.section, self.head), self.structs, piece.line)
        code = re.sub(r"^static inline ", "", " ".join(pieces.without_comments(piece.text[:piece.text.index("{")]).split())) + ";"
        self.items.append({"kind": "function", "name": name, "doc": doc, "line": piece.line, "code": code, **function})

    def enum(self, piece, name):
        self.items.append({"kind": "enum", "name": name, "doc": self.take_doc(), "line": piece.line, "code": piece.full,
                           "values": self.values(piece)})

    def values(self, piece):
        found, following = [], 0
        for part in declarations.split_commas(pieces.without_comments(self.inside(piece))):
            name, _, expression = part.partition("=")
            following = declarations.evaluate(expression, self.constants, piece.line) if expression else following
            found.append({"name": name.strip(), "value": following})
            self.constants[name.strip()] = following
            following += 1
        return found

    def struct(self, piece, name):
        doc = self.take_doc()
        groups = [self.group(name, *group) for group in self.groups(piece)]
        self.items.append({"kind": "struct", "name": name, "doc": doc, "line": piece.line, "size_rule": self.structs[name]["rule"],
                           "code": piece.full, "groups": [group for group in groups if group["members"]]})

    def groups(self, piece):
        """(comment, pieces) of members that stand together under one comment."""
        doc, members = "", []
        for part in pieces.split(self.inside(piece), piece.line + piece.text[:piece.text.index("{")].count("\n")):
            if part.kind == "code":
                members.append(part)
                continue
            yield doc, members
            doc, members = part.text if part.kind == "comment" else "", []
            annotations.read(doc, part.line)
        yield doc, members

    def group(self, struct, doc, parts):
        members = []
        for part in parts:
            annotations.read(part.tail, part.line)
            for name, member in declarations.parse_member(part.text, part.line):
                item = {"name": name, "line": part.line, "doc": part.tail, "code": part.full, **member}
                if "function" in member:
                    scope = (part.tail, doc, self.above, self.section, self.head)
                    self.guarded(part, lambda part, item=item, scope=scope: self.member(struct, item, scope))
                members.append(item)
        return {"doc": doc, "members": members}

    def member(self, struct, item, scope):
        """A member that is a function: of a table, or one that is called back."""
        name = f"{struct}.{item['name']}"
        if not scope[0] and not scope[1]:
            raise Refused(item["line"], f"{name}: no comment says what it does")
        rules.describe_function(item["function"], name, scope, self.structs, item["line"])
