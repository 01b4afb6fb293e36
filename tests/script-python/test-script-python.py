#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices in Python in a real machine: bad_devices.py. Arguments: tessera, scratch folder."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "script"))
import bad_devices  # noqa: E402


class Python(bad_devices.Scripts, unittest.TestCase):
    FOLDER, LANGUAGE, EXTENSION, PARTS = HERE, "python", ".py", ("python",)

    def test_the_environment_of_python_does_not_matter(self):
        status, lines = self.run_device("none", PYTHONHOME="/nowhere", PYTHONPATH=self.FOLDER, PYTHONINSPECT="1", PYTHONVERBOSE="1")
        self.assertEqual((status, lines), (bad_devices.ENDS["sum"], ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
