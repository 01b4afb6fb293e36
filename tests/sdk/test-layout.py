#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-layout.py CHECK-LAYOUT FOLDER LAYOUT: check-layout sees each kind of change, and takes over additions only."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK, FOLDER, LAYOUT = sys.argv[1:4]

# header, what is there, what is there instead, whether --update takes it over, what is said
ROWS = [
    ("block.h", "TSR_BLOCK_UNSUPPORTED,", "TSR_BLOCK_UNSUPPORTED, TSR_BLOCK_LATER,", True, "enum tsr_block_status: has grown at its end"),
    ("block.h", "TSR_BLOCK_OK,", "TSR_BLOCK_OK, TSR_BLOCK_LATER,", False, "enum tsr_block_status: has changed"),
    ("block.h", "uint8_t reserved[6];\n", "uint8_t reserved[6];\n\tuint64_t later;\n", True, "struct tsr_block_info: has grown at its end"),
    ("block.h", "uint8_t reserved[6];\n", "uint8_t reserved[6];\n\tuint64_t later;\n", True, "raise TSR_ABI_MINOR"),
    ("block.h", "uint32_t generation;", "uint32_t later;\n\tuint32_t generation;", False, "struct tsr_block_info: has changed"),
    ("block.h", "bool (*eject)(void *self, bool eject);", "bool (*eject)(void *self, int eject);", False, "void *, _Bool)"),
    ("block.h", "void (*lock)(void *self, bool locked);", "void (*door)(void *self, bool locked);", False, "lock"),
    ("block.h", 'TSR_BLOCK "tessera.block/1"', 'TSR_BLOCK "tessera.block/2"', False, 'name TSR_BLOCK "tessera.block/1": is gone'),
    ("error.h", "char message[508];", "char message[508];\n\tint later;", False, "struct tsr_error frozen: has changed"),
    ("host.h", "void *to;\n};", "void *to;\n\tvoid *later;\n};", False, "struct tsr_irq frozen: has changed"),
    ("draft/phys.h", "bool dirty_log;", "uint32_t dirty_log;", True, "struct tsr_phys_page frozen draft: has changed"),
]


class Layout(unittest.TestCase):
    def check(self, folder, layout, *more):
        done = subprocess.run([CHECK, folder, layout, *more], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_changes(self):
        for header, before, after, taken, said in ROWS:
            with self.subTest(after=after), tempfile.TemporaryDirectory() as folder:
                headers, layout = Path(folder) / "include", Path(folder) / "layout.txt"
                shutil.copytree(FOLDER, headers)
                shutil.copy(LAYOUT, layout)
                path = headers / "tessera" / header
                text = path.read_text()
                self.assertIn(before, text)
                path.write_text(text.replace(before, after, 1))
                status, output = self.check(headers, layout)
                self.assertEqual(status, 1)
                self.assertIn(said, output)
                self.assertEqual(self.check(headers, layout, "--update")[0], 0 if taken else 1)
                self.assertEqual(self.check(headers, layout)[0], 0 if taken else 1)


unittest.main(argv=sys.argv[:1])
