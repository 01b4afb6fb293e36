#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-describe.py DESCRIBE: headers that are wrong on purpose are refused, each for its reason and on its line."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

DESCRIBE = Path(sys.argv.pop(1))
sys.path.insert(0, str(DESCRIBE.parent))
import answers  # noqa: E402
import description  # noqa: E402
from pieces import Refused  # noqa: E402

ABI = """\
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The version. */
#ifndef TESSERA_ABI_H
#define TESSERA_ABI_H

#define TSR_ABI_MAJOR 1
#define TSR_ABI_MINOR 2
#define TSR_ABI_FIRST_MINOR 2

/* Frozen. */
struct tsr_error {
	int code;
};

struct tsr_host; /* owned by the core, freed at detach */
struct tsr_thing; /* owned by the core, freed at detach */
struct tsr_secret;

#endif
"""
HEAD = """\
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Things. */
#ifndef TESSERA_THING_H
#define TESSERA_THING_H

"""
FOOT = "\n#endif\n"
FIRST = HEAD.count("\n") + 1  # the line of what follows it


def table(members):
    """A header with one interface, whose functions begin on line FIRST + 3."""
    return HEAD + '#define TSR_THINGS "tessera.things/1"\nstruct tsr_things {\n\tuint32_t size;\n' + members + "};\n" + FOOT


GOOD = table("""\
	/* A new thing of `length` bytes. NULL and error when there is no room. [main & !running] */
	struct tsr_thing *(*make)(const struct tsr_host *host, uint32_t length, struct tsr_error *error);
	/* Its name, valid until detach; never NULL. Since ABI 1.2. [any] */
	const char *(*name)(struct tsr_thing *thing);
	/* DEPRECATED: fills in what `bitmap` has room for. [locked; bitmap: out count bits] */
	void (*bits)(struct tsr_thing *thing, uint8_t *bitmap, uint32_t count);
""")

# what is wrong: header, line, part of the message
WRONG = {
    "no comment": (table("\tvoid (*poke)(const struct tsr_host *host);\n"), FIRST + 3, "tsr_things.poke: no comment says what it does"),
    "no thread": (table("\t/* Pokes it. */\n\tvoid (*poke)(const struct tsr_host *host);\n"), FIRST + 4, "tsr_things.poke: no thread"),
    "no thread, inline": (HEAD + "/* Adds. */\nstatic inline int tsr_add(int a)\n{\n\treturn a;\n}\n" + FOOT, FIRST + 1, "tsr_add: no thread"),
    "unknown thread": (table("\t/* Pokes it. [lokced] */\n\tvoid (*poke)(const struct tsr_host *host);\n"), FIRST + 3,
                       "[lokced] is no annotation"),
    "unknown annotation": (table("\t/* Pokes it. [locked; nullable] */\n\tvoid (*poke)(const struct tsr_host *host);\n"), FIRST + 3,
                           "[nullable] is no annotation"),
    "unknown annotation of text": (HEAD + "/* All of it: [sometimes]. */\n" + FOOT, FIRST, "[sometimes] is no annotation"),
    "annotation of no parameter": (table("\t/* Pokes it. [locked; where: out 4 bytes] */\n\tvoid (*poke)(void *self, int at);\n"), FIRST + 4,
                                   "there is no parameter of this name"),
    "length of no parameter": (table("\t/* Pokes it. [locked; at: out many bytes] */\n\tvoid (*poke)(void *self, uint8_t *at);\n"), FIRST + 4,
                               "there is no parameter `many`"),
    "memory without a length": (table("\t/* Reads bytes. [locked] */\n\tvoid (*peek)(void *self, uint8_t *bytes);\n"), FIRST + 4,
                                "`uint8_t *bytes`: an annotation has to say what it is"),
    "unknown struct": (table("\t/* Reads it. [locked] */\n\tvoid (*peek)(void *self, struct tsr_other *other);\n"), FIRST + 4,
                       "`struct tsr_other *other`: an annotation has to say what it is"),
    "when it fails": (table("\t/* Makes it. [locked] */\n\tbool (*make)(void *self, struct tsr_error *error);\n"), FIRST + 4,
                      "no comment says when it fails"),
    "fails without a sign": (table("\t/* Makes it; false and error. [locked] */\n\tvoid (*make)(void *self, struct tsr_error *error);\n"), FIRST + 4,
                             "returns neither bool nor a pointer"),
    "meaning of a truth value": (table("\t/* Pokes it. [locked] */\n\tbool (*poke)(void *self);\n"), FIRST + 4, "what true and false mean"),
    "NULL": (table("\t/* Its text, valid until detach. [locked] */\n\tconst char *(*text)(void *self);\n"), FIRST + 4, "whether it can be NULL"),
    "owner": (table("\t/* A new secret, or NULL. [locked] */\n\tstruct tsr_secret *(*make)(void *self);\n"), FIRST + 4, "no comment says whose it is"),
    "owner of what is filled in": (table("\t/* Gives its bytes. [locked] */\n\tvoid (*give)(void *self, uint8_t **bytes);\n"), FIRST + 4,
                                   "no comment says whose *bytes is"),
    "unit": (table("\t/* Cuts it. [locked] */\n\tvoid (*cut)(void *self, uint32_t length);\n"), FIRST + 4, "in which unit `length` is"),
    "nameless parameter": (table("\t/* Cuts it. [locked] */\n\tvoid (*cut)(void *self, int);\n"), FIRST + 4, "the parameter `int` has no name"),
    "struct without size": (HEAD + "/* A pair. */\nstruct tsr_pair {\n\tint a, b;\n};\n" + FOOT, FIRST + 1, "does not begin with `uint32_t size`"),
    "size of another type": (HEAD + "struct tsr_pair {\n\tuint64_t size;\n};\n" + FOOT, FIRST, "does not begin with `uint32_t size`"),
    "size at the end": (HEAD + "struct tsr_pair {\n\tint a;\n\tuint32_t size;\n};\n" + FOOT, FIRST, "does not begin with `uint32_t size`"),
    "frozen with a size": (HEAD + "/* Frozen. */\nstruct tsr_pair {\n\tuint32_t size;\n};\n" + FOOT, FIRST + 1, "has a size, and is Frozen"),
    "interface without a table": (HEAD + '#define TSR_NOTHING "tessera.nothing/1"\n' + FOOT, FIRST, "there is no struct tsr_nothing"),
    "frozen table": (HEAD + '#define TSR_COLD "tessera.cold/1"\n/* Frozen. */\nstruct tsr_cold {\n\tint a;\n};\n' + FOOT, FIRST,
                     "does not begin with its size"),
    "value that cannot be read": (HEAD + "enum tsr_kind { TSR_A = sizeof(int) };\n" + FOOT, FIRST, "the value `sizeof(int)` cannot be read"),
    "bit field": (HEAD + "/* Frozen. */\nstruct tsr_pair {\n\tunsigned a : 3;\n};\n" + FOOT, FIRST + 2, "is no type that can be described"),
    "what is no declaration": (HEAD + "int tsr_count;\n" + FOOT, FIRST, "is nothing that a header can have"),
    "comment without an end": (HEAD + "/* Half\n" + FOOT, FIRST, "this comment does not end"),
    "declaration without an end": (HEAD + "struct tsr_pair {\n" + FOOT, FIRST, "this declaration does not end"),
    "no head": ("/* SPDX-License-Identifier: LGPL-2.1-or-later */\n#ifndef A\n#endif\n", 2, "a header's second comment says what it is"),
    "no licence": ("/* Things. */\n#ifndef A\n#endif\n", 1, "a header begins with the SPDX line"),
}


class Describe(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def write(self, text):
        (self.folder / "tessera").mkdir(exist_ok=True)
        (self.folder / "tessera" / "abi.h").write_text(ABI)
        (self.folder / "tessera" / "thing.h").write_text(text)

    def describe(self, text):
        self.write(text)
        return description.describe(self.folder)

    def test_good(self):
        described, errors = self.describe(GOOD)
        self.assertEqual(errors, [])
        self.assertEqual(described["abi"], {"major": 1, "minor": 2, "first_minor": 2})
        (interface,) = described["interfaces"]
        self.assertEqual((interface["name"], interface["table"], interface["side"]), ("tessera.things/1", "tsr_things", "host"))
        struct = next(item for item in described["headers"][1]["items"] if item["kind"] == "struct")
        make, name, bits = [m["function"] for group in struct["groups"] for m in group["members"] if "function" in m]
        self.assertEqual((make["threads"], make["fails"], make["owner"]), (["main", "!running"], "NULL", {"owner": "core", "until": "until detach"}))
        self.assertEqual((name["since"], name["null"], name["owner"]), ([1, 2], "never", {"until": "until detach"}))
        self.assertEqual([p["role"] for p in bits["parameters"]], ["object", "bytes", "number"])
        self.assertEqual([function.get("deprecated") for function in (make, name, bits)], [None, None, True])
        self.assertEqual((bits["parameters"][1]["length"], bits["parameters"][1]["unit"]), ("count", "bits"))

    def test_wrong(self):
        for what, (text, line, why) in WRONG.items():
            with self.subTest(what):
                described, errors = self.describe(text)
                self.assertIsNone(described, "it was not refused")
                self.assertEqual(len(errors), 1, errors)
                self.assertIn(f"thing.h:{line}: ", errors[0])
                self.assertIn(why, errors[0])

    def test_all_at_once(self):
        _, errors = self.describe(table("\t/* A. */\n\tvoid (*a)(void *self);\n\t/* B. */\n\tvoid (*b)(void *self);\n"))
        self.assertEqual(len(errors), 2)

    def test_program(self):
        command = [sys.executable, "-B", DESCRIBE, self.folder, "-o", self.folder / "out.json"]
        self.write(WRONG["unit"][0])
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"/tessera/thing.h:{WRONG['unit'][1]}: ", result.stderr)
        self.assertFalse((self.folder / "out.json").exists())
        self.write(GOOD)
        self.assertEqual(subprocess.run(command, check=False).returncode, 0)
        self.assertTrue((self.folder / "out.json").exists())


THINGS = [{"name": "tessera.things/1", "functions": ["make", "name", "bits"]}, {"name": "tessera.others/1", "functions": ["other"]}]
ANSWERS = "# all\ntessera.things/1\n\tmake ISO_MAKE\n\t* - nobody asks\ntessera.others/1 - refused\n"


class Answers(unittest.TestCase):
    def wrong(self, text):
        return answers.check(answers.read(text), THINGS)

    def test_good(self):
        self.assertEqual(self.wrong(ANSWERS), [])
        self.assertEqual(answers.read(ANSWERS)["tessera.things/1"].functions, {"make": ("ISO_MAKE", 3)})

    def test_a_function_that_nobody_answers_for(self):
        self.assertEqual(self.wrong(ANSWERS.replace("\t* - nobody asks\n", "\tname X\n")), [(2, "nobody answers for tessera.things/1 bits")])
        self.assertEqual(self.wrong(ANSWERS[:ANSWERS.index("tessera.others")]), [(1, "nobody answers for tessera.others/1")])

    def test_what_does_not_exist(self):
        self.assertEqual(self.wrong(ANSWERS + "tessera.new/1 - later\n"), [(6, "there is no interface tessera.new/1")])
        self.assertEqual(self.wrong(ANSWERS.replace("make", "mace")), [(3, "tessera.things/1 has no function mace")])
        self.assertEqual(self.wrong(ANSWERS.replace("\t*", "\tname X\n\tbits X\n\t*")), [(2, "tessera.things/1 has no other functions")])

    def test_forms(self):
        for text, line in ((ANSWERS + "tessera.others/1 - again\n", 6), ("\tmake X\n", 1), (ANSWERS + "\tother X\n", 6), ("a/1\n\tmake\n", 2),
                           ("a/1\n\tmake X\n\tmake Y\n", 3), ("a/1\n\t* X\n", 2)):
            with self.subTest(text), self.assertRaises(Refused) as refused:
                answers.read(text)
            self.assertEqual(refused.exception.line, line)


unittest.main()
