# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drives a program by the names that it gives to assistive technologies (AT-SPI), without coordinates. ImportError or ValueError:
this host has no gir1.2-atspi-2.0."""

import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

CALL_MS = 15000
WAIT_SECONDS = 180  # of a busy host, where a walk through a long list takes a minute


def children(node):
    if not node:
        return  # a program that is not there, or is too busy to say so
    try:
        count = node.get_child_count()
    except GLib.Error:
        return
    for index in range(count):
        try:
            child = node.get_child_at_index(index)
        except GLib.Error:
            return
        if child:
            yield child


def walk(node):
    yield node
    for child in children(node):
        yield from walk(child)


def name_of(node):
    """GTK 4.8 gives a button with a label its text twice, once with the mnemonic's underline."""
    try:
        name = node.get_name() or ""
    except GLib.Error:
        return ""
    half = name.replace("_", "")
    middle = len(half) // 2
    return half[:middle] if half[middle:] == " " + half[:middle] else name


def description_of(node):
    """Also of None, which has none."""
    try:
        return node and node.get_description() or ""
    except GLib.Error:
        return ""


def role_of(node):
    try:
        return node.get_role_name()
    except GLib.Error:
        return ""


def actions_of(node):
    try:
        return [node.get_action_name(index) for index in range(node.get_n_actions())]
    except GLib.Error:
        return []


def is_focused(node):
    try:
        return node.get_state_set().contains(Atspi.StateType.FOCUSED)
    except GLib.Error:
        return False


def states(node):
    try:
        return [state.value_nick for state in node.get_state_set().get_states()]
    except GLib.Error:
        return []


def text_of(node):
    """What is written in it."""
    try:
        return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))
    except (AttributeError, GLib.Error):
        return ""


def set_text(node, text):
    try:
        node.set_text_contents(text)
    except GLib.Error:
        pass  # it has just gone


def act(node, action):
    """Whether the object has the action and takes it; also of None."""
    try:
        return node.do_action(actions_of(node).index(action))
    except (AttributeError, GLib.Error, ValueError):
        return False  # it changes just now


class Driver:
    """The program whose accessible name is given, as soon as it is there."""

    def __init__(self, name):
        self.name = name
        Atspi.init()
        Atspi.set_timeout(CALL_MS, CALL_MS)

    def is_mine(self, application):
        """Of several programs with that name."""
        return True

    def application(self):
        for child in children(Atspi.get_desktop(0)):
            if name_of(child) == self.name and self.is_mine(child):
                return child
        return None

    def matching(self, name, role=None, action=None):
        """Such objects, those of the newest window last."""
        application = self.application()
        for window in children(application) if application else ():
            for node in walk(window):
                if (role is None or role_of(node) == role) and name_of(node) == name and (action is None or action in actions_of(node)):
                    yield node

    def look(self, name, role=None, action=None):
        """The newest such object; None."""
        return (list(self.matching(name, role, action)) or [None])[-1]

    def find(self, name, role=None, action=None, seconds=WAIT_SECONDS):
        return self.until(f"there is {role or 'an object'} {name!r}", lambda: self.look(name, role, action), seconds)

    def until(self, what, holds, seconds=WAIT_SECONDS):
        end = time.monotonic() + seconds
        while True:
            result = holds()
            if result:
                print(f"{time.strftime('%T')} {what}: good", flush=True)
                return result
            if time.monotonic() > end:
                raise SystemExit(f"{what}: no\n{self.dump()}")
            time.sleep(0.2)

    def do(self, name, role=None, action="click"):
        def done():
            node = self.look(name, role, action)
            try:
                node.do_action(actions_of(node).index(action))
                return True  # GTK denies what makes the action itself unavailable
            except (AttributeError, GLib.Error, ValueError):
                return False  # it changes just now
        self.until(f"{action} {name!r}", done)

    def act(self, name):
        """An action of a window, as its menu has it."""
        def done():
            application = self.application()
            for window in children(application) if application else ():
                for node in walk(window):
                    try:
                        if name in actions_of(node):
                            node.do_action(actions_of(node).index(name))
                            return True  # GTK denies what makes the action itself unavailable
                    except (GLib.Error, ValueError):
                        return False  # it changes just now
            return False
        self.until(f"the action {name} can be done", done)

    def answer(self, dialog, button):
        """Waits for a dialog, and clicks its button."""
        self.answer_in(self.find(dialog, "dialog"), button)

    def answer_in(self, window, button):
        """Clicks a dialog's button until the dialog is gone: it does not hear a click before it has been drawn. A message dialog has two of
        each button, for wide and narrow windows; of those, the one that is not shown does nothing."""
        def is_gone():
            application = self.application()
            windows = list(children(application))
            if not application or (windows and window not in windows):
                return True
            for node in [node for node in walk(window) if name_of(node) == button and role_of(node) == "push button"]:
                try:
                    node.do_action(actions_of(node).index("click"))
                except (GLib.Error, ValueError):
                    pass  # it went with the dialog
            return False
        self.until(f"answer {name_of(window)!r} with {button!r}", is_gone)

    def dump(self):
        lines = []
        application = self.application()

        def add(node, depth):
            if name_of(node):
                lines.append(f"{'  ' * depth}{role_of(node)} {name_of(node)!r} {description_of(node)!r}")
            for child in children(node):
                add(child, depth + 1)

        if application:
            add(application, 0)
        return "\n".join(lines)
