# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a running machine takes of its host, to see that an upgrade leaves nothing behind."""
import os
import re
import time

EACH = 1  # KiB that the heap may grow for each upgrade: it is not packed
SECONDS = 100  # for the file and the thread of a client that has left to go, on a busy host


class Footprint:
    """Of a process, now: open files, threads; `heap`: KiB of the main thread's heap, from which upgrades are made; `anonymous`: KiB of all
    memory of its own, which grows with what the guest does, too."""

    def __init__(self, pid):
        self.files = len(os.listdir(f"/proc/{pid}/fd"))
        self.threads = len(os.listdir(f"/proc/{pid}/task"))
        with open(f"/proc/{pid}/smaps", encoding="utf-8") as smaps:
            self.heap = int(re.search(r"\[heap\]\n(?:.*\n)*?Rss: *(\d+) kB", smaps.read()).group(1))
        with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as rollup:
            self.anonymous = int(re.search(r"\nAnonymous: *(\d+) kB", rollup.read()).group(1))

    def __str__(self):
        return f"{self.files} files, {self.threads} threads, heap {self.heap} KiB, anonymous memory {self.anonymous} KiB"


def growth_since(before, pid, upgrades, slack):
    """What has grown by more than these upgrades may; "": nothing. `slack`: KiB of the heap for what else the main thread did. A client
    that has just left may still have its file."""
    end = time.monotonic() + SECONDS
    while True:
        now = Footprint(pid)
        has_left = now.files <= before.files and now.threads <= before.threads
        if has_left or time.monotonic() > end:
            break
        time.sleep(0.1)
    return "" if has_left and now.heap <= before.heap + slack + EACH * upgrades else f"{upgrades} upgrades: {before}, then {now}"
