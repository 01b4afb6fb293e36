# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plugin manager of the library, by the names of its controls."""
import tarfile

from desktop import act, actions_of, children, description_of, name_of, role_of, states, walk

WINDOW = "Plugins"


class Manager:
    """The window, of which only the list and the details are walked: an application has hundreds of objects."""

    def __init__(self, desktop):
        self.desktop = desktop
        window = desktop.find_window(WINDOW)
        self.list = desktop.until("there is the list", lambda: next((node for node in walk(window) if role_of(node) == "list" and name_of(node) == WINDOW), None))
        box = self.list
        while name_of(self.last(box)) != "AdwBin":
            box = box.get_parent()
        self.details = self.last(box)

    @staticmethod
    def last(node):
        return node.get_child_at_index(node.get_child_count() - 1)

    def rows(self):
        return [node for node in children(self.list) if "row.show" in actions_of(node)]

    def keys(self):
        """ID and version; the name of a row goes on with that of the plugin."""
        return [" ".join(name_of(node).split(" ")[:2]) for node in self.rows()]

    def select(self, key):
        def done():
            node = next((node for node in self.rows() if f"{name_of(node)} ".startswith(f"{key} ")), None)
            return node and act(node, "row.show")
        self.desktop.until(f"select {key!r}", done)

    def matching(self, name, role):
        """GTK 4.8 adds the text of a control to the name that it was given."""
        return (node for node in walk(self.details) if role_of(node) == role and f"{name_of(node)} ".startswith(f"{name} "))

    def look(self, name, role):
        return next(self.matching(name, role), None)

    def fact(self, title, text):
        """A part may have a row for its machine's file and one for the machine that runs."""
        self.desktop.until(f"{title!r} is {text!r}", lambda: any(text in description_of(node) for node in self.matching(title, "list item")))

    def says(self, text):
        self.desktop.until(f"it says {text!r}", lambda: any(text in name_of(node) for node in walk(self.details)))

    def press(self, name):
        def done():
            node = self.look(name, "push button")
            return node and "sensitive" in states(node) and act(node, "click")
        self.desktop.until(f"press {name!r}", done)


def make_archive(folder, key, path):
    """Of the version that lies in folder/ID/VERSION; key is ID/VERSION."""
    with tarfile.open(path, "w:gz") as tar:
        tar.add(f"{folder}/{key}", key)
    return path


def install_from(desktop, path, action):
    """action: archive or folder."""
    act(desktop.find_window(WINDOW), f"plugins.install-{action}")
    desktop.choose_file("Install a plugin", path, "Install")


def runs(desktop, part, key):
    """Whether the machine has such a version of a part, ID and version, just now."""
    return f'"{part}":"{key}"' in desktop.control("status", "--json").replace('": "', '":"')
