# SPDX-License-Identifier: LGPL-2.1-or-later
"""The processes of an isolated device, found from outside: for the tests here and those of tests/boot."""
import os


def of(machine, name):
    """Of a device of the machine's process: (supervisors, devices), whose parents they are."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{entry}/stat", "rb") as file:
                parent = int(file.read().rsplit(b")", 1)[1].split()[1])
        except OSError:
            continue
        if words[4:5] == [f"{name} of machine {machine}".encode()]:
            found[int(entry)] = parent
    return ([pid for pid, parent in found.items() if parent not in found], [pid for pid, parent in found.items() if parent in found])
