#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-link-rules.py INTERFACES.JSON TREE: core/links/make-links refuses rules that are wrong, each for its reason."""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TREE = Path(sys.argv.pop(2))
DESCRIPTION = sys.argv.pop(1)
RULES = (TREE / "core" / "links" / "link-rules").read_text()


def make(rules):
    """What make-links says, and what it has made: file name -> text."""
    with tempfile.TemporaryDirectory() as folder:
        path, output = Path(folder) / "rules", Path(folder) / "made"
        path.write_text(rules)
        done = subprocess.run([sys.executable, "-B", TREE / "core/links/make-links", DESCRIPTION, TREE / "sdk/describe", path, output],
                              check=False, capture_output=True, text=True)
        return done.stderr, {file.name: file.read_text() for file in output.glob("*")}


class LinkRules(unittest.TestCase):
    def refused(self, pattern, replacement, why):
        rules, count = re.subn(pattern, replacement, RULES, flags=re.M)
        self.assertEqual(count, 1, f"{pattern} is there once")
        said, made = make(rules)
        self.assertIn(why, said)
        self.assertRegex(said, r"rules:\d+: ")
        self.assertEqual(made, {})

    def test_good(self):
        said, made = make(RULES)
        self.assertEqual(said, "")
        self.assertEqual(sorted(made), ["block.inc", "chardev.inc", "ide.inc", "net.inc"])

    def test_a_function_without_an_answer(self):
        self.refused(r"^\tdma_stop .*\n", "", "nobody answers for tessera.ide-drive/1 dma_stop")

    def test_an_interface_without_an_answer(self):
        self.refused(r"^tessera\.mmu/1 .*\n", "", "nobody answers for tessera.mmu/1")

    def test_an_unknown_clause(self):
        self.refused(r"^(\tsubmit  .*)$", r"\1; later", "`later` is none of")

    def test_no_clause_of_what_happens(self):
        self.refused(r"^(\tseal  ).*$", r"\1optional", "seal is one of pass, held, port, by hand")

    def test_two_that_happen_later(self):
        self.refused(r"^(\tsend  ).*$", r"\1held later", "that happens later")

    def test_a_result_that_a_mistake_does_not_have(self):
        self.refused(r"^(\teject  ).*$", r"\1held mistake it ejects", "eject returns something")

    def test_a_member_that_is_not_there(self):
        self.refused("copy packet", "copy pocket", "no member pocket")

    def test_a_call_of_the_wrong_end(self):
        self.refused(r"plug_in\(link\)", "plug_in(handle)", "`connecting` needs NAME(link)")

    def test_early_for_some_only(self):
        self.refused("; early asks for DMA", "", "have no `early`")

    def test_a_port_without_answers(self):
        self.refused(r"^tsr_chardev_port\n(\t.*\n)*", "", "nobody answers for tsr_chardev_port")


unittest.main()
