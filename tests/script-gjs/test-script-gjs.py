#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices in JavaScript in a real machine: bad_devices.py. Arguments: tessera, scratch folder."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "script"))
import bad_devices  # noqa: E402


class JavaScript(bad_devices.Scripts, unittest.TestCase):
    FOLDER, LANGUAGE, EXTENSION, PARTS = HERE, "gjs", ".js", ("script-gjs", "libgjs", "mozjs")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
