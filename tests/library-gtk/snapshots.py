# SPDX-License-Identifier: LGPL-2.1-or-later
"""The window of a machine's snapshots, by the names of its controls."""
from desktop import description_of


def row(desktop, name, description=""):
    def tells():
        node = desktop.look(name, "list item")
        return node and description_of(node).startswith(description) and node
    return desktop.until(f"there is the snapshot {name!r}, {description!r}", tells)


def take(desktop, name):
    desktop.do("Take…", "push button")
    desktop.type_title("Take a snapshot", name)
    desktop.answer("Take a snapshot", "Take")
    row(desktop, name, "the machine is here")
