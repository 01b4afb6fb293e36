# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hardware editor of the library, by the names of its controls."""
from desktop import act, children, description_of, name_of, role_of, walk


def open_editor(desktop, title):
    desktop.do(title, "table cell", "machine.hardware")
    is_open(desktop, title)


def is_open(desktop, title):
    desktop.find(f"Hardware of {title}", "frame")


def find_row(desktop, part):
    """The row of a part in the list: its name is that of the part, followed by that of its plugin."""
    application = desktop.application()
    for window in children(application) if application else ():
        for node in walk(window):
            if name_of(node).split(" ")[0] == part and role_of(node) == "list item":
                return node
    return None


def row_text(desktop, part):
    node = find_row(desktop, part)
    return description_of(node) if node else ""


def select(desktop, part):
    def done():
        node = find_row(desktop, part)
        return node and act(node, "part.show")
    desktop.until(f"select {part!r}", done)


def gone(desktop, part):
    desktop.until(f"the part {part!r} is gone", lambda: not find_row(desktop, part))


def wait_row(desktop, part, text):
    desktop.until(f"the part {part!r} says {text!r}", lambda: text in row_text(desktop, part))


def save(desktop):
    desktop.do("Save", "push button")


def add_part(desktop, kind):
    desktop.do("Add…", "push button")
    desktop.find("Add a part", "frame")
    desktop.do(kind, "list item", "kind.choose")
    desktop.do("Add part", "push button")


def set_memory(desktop, mib, text):
    select(desktop, "Memory")
    desktop.find("Memory", "spin button").set_current_value(mib)
    wait_row(desktop, "Memory", text)
