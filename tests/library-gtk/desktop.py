# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desktop with the library, in a home of its own, for the programs that drive it by the names that its controls have for assistive
technologies. Runs on the X server that DISPLAY names, with a session bus; exit status 77: this host cannot (no libXtst, no AT-SPI)."""
import ctypes
import glob
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "ui-gtk"))

SKIPPED = 77
BOOT_SECONDS = 300  # of a busy host
CLICK_SECONDS = 5
BUS = "/usr/libexec/at-spi-bus-launcher"

try:
    from atspi import Atspi, Driver, GLib, act, actions_of, children, description_of, is_focused, name_of, role_of, set_text, states, text_of, walk  # noqa: F401
    from gi.repository import Gio
    from leftovers import sweep, watch
    from xclient import Display
except (ImportError, ValueError) as why:
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


class Windows(Driver):
    """The windows of a program on the display, of which some take keys."""

    def __init__(self, display):
        super().__init__("org.tessera.Tessera")
        self.display = display

    def focus(self, title):
        """There is no window manager that would give the keyboard to a new window."""
        window = self.until(f"a window {title!r} opens", lambda: self.display.titles().get(title))
        time.sleep(0.5)
        self.display.x.XSetInputFocus(self.display.display, ctypes.c_ulong(window), 1, ctypes.c_long(0))
        self.display.x.XFlush(self.display.display)

    def find_window(self, title):
        """Without a walk through all others."""
        return self.until(f"the window {title!r} is there", lambda: next((node for node in children(self.application()) if name_of(node) == title), None))

    def choose_file(self, title, path, button):
        """In a dialog for files, whose entry for a path opens with the first letter of one, as soon as it hears keys. A click that comes
        while it looks at the path begins that anew, so the next one is some time later."""
        self.focus(title)
        dialog, clicked = self.find_window(title), 0

        def look(role, fits):
            return next((node for node in walk(dialog) if role_of(node) == role and fits(node)), None)
        others = [node for node in walk(dialog) if "editable" in states(node)]

        def has_entry():
            entry = look("text", lambda node: "editable" in states(node) and node not in others)
            if not entry:
                self.display.key("slash")
            return entry

        def has_path():
            """A key may come late, and what completes the path adds a slash to a folder."""
            text = text_of(entry)
            if text == path or (os.path.isdir(path) and text == f"{path}/"):
                return True
            set_text(entry, path)
            return False

        def is_chosen():
            nonlocal clicked
            windows = list(children(self.application()))
            if windows and dialog not in windows:
                return True
            if has_path() and time.monotonic() > clicked + CLICK_SECONDS and act(look("push button", lambda node: name_of(node) == button), "click"):
                clicked = time.monotonic()
            return False
        entry = self.until("there is an entry for the path", has_entry)
        self.until(f"{button} {path!r}", is_chosen)


class Desktop(Windows):
    """The library in a home of its own."""

    def __init__(self, tessera, home, pictures):
        super().__init__(Display())
        self.tessera, self.home, self.pictures = tessera, home, pictures
        self.machines = f"{home}/Tessera"
        os.makedirs(f"{home}/Downloads")
        self.log = open(f"{home}/log", "w+", encoding="utf-8")
        self.process = None

    def start(self):
        self.process = subprocess.Popen([self.tessera], stderr=self.log)
        self.until("the library opens", self.application)

    def is_mine(self, application):
        """Windows of machines have the library's name."""
        try:
            return application.get_process_id() == self.process.pid
        except GLib.Error:
            return False  # it has just ended

    def focused(self):
        for window in children(self.application()):
            for node in walk(window):
                if is_focused(node):
                    yield name_of(node)

    def tab_to(self, name):
        """With the keyboard alone."""
        def has_come():
            if name in self.focused():
                return True
            self.display.key("Tab")
            time.sleep(0.3)
            return False
        self.until(f"Tab leads to {name!r}", has_come, BOOT_SECONDS)

    def picture(self, name):
        if self.pictures:
            time.sleep(1)
            subprocess.run(["import", "-window", "root", f"{self.pictures}/{name}.png"], check=False)

    def activate(self, action):
        """An action of the application, as its menu has it."""
        Gio.bus_get_sync(Gio.BusType.SESSION).call_sync("org.tessera.Tessera", "/org/tessera/Tessera", "org.gtk.Actions", "Activate",
                                                        GLib.Variant("(sava{sv})", (action, [], {})), None, Gio.DBusCallFlags.NONE, -1, None)

    def drop(self, *paths):
        """What a drop of the files or folders onto the window does, by an action of that."""
        argument = GLib.Variant("aay", [os.fsencode(path) + b"\0" for path in paths])
        Gio.bus_get_sync(Gio.BusType.SESSION).call_sync("org.tessera.Tessera", "/org/tessera/Tessera/window/1", "org.gtk.Actions", "Activate",
                                                        GLib.Variant("(sava{sv})", ("import-files", [argument], {})), None, Gio.DBusCallFlags.NONE, -1, None)

    def card(self, title, state):
        """Waits until the machine's card tells such a state."""
        def tells():
            node = self.look(title, "table cell")
            return node and description_of(node).startswith(state) and node
        return self.until(f"the card {title!r} says {state!r}", tells, BOOT_SECONDS)

    def gone(self, title):
        self.until(f"the card {title!r} is gone", lambda: not self.look(title, "table cell"))

    def control(self, *words):
        sockets = glob.glob(f"{self.home}/run/tessera/*.control")
        return subprocess.run([self.tessera, "ctl", sockets[0], *words], capture_output=True, text=True).stdout if sockets else ""

    def processes(self, *commands):
        """Those of this home's machines (`run`) and of their windows (`view`)."""
        found = []
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{process}/cmdline", "rb") as file:
                    words = [os.fsdecode(word) for word in file.read().split(b"\0")]
            except OSError:
                continue  # it has just ended
            if words[1:2] and words[1] in commands and any(self.home in word for word in words):
                found.append(int(process))
        return found

    def open_wizard(self):
        """A click before the button is shown does nothing. One that does something does it a quarter of a second later (gtkbutton.c), so
        after half a second and an answer of the library there is the wizard, or the click was lost."""
        def opens():
            if any(name_of(window) == "New machine" for window in children(self.application())):
                return True
            self.do("New machine…", "push button")
            time.sleep(0.5)
            return False
        self.until("the wizard opens", opens)

    def choose_disc(self, disc, title):
        """The wizard's first page, by the keyboard, and the name on its second."""
        self.open_wizard()
        self.find(disc, "list item")
        self.focus("New machine")
        self.tab_to(disc)
        self.picture("wizard-choose")
        self.display.key("Return")
        self.type_title("New machine", title)

    def power_off(self, title):
        self.do(title, "table cell", "machine.power-off")
        self.answer(f"Power off “{title}”?", "Power off")
        self.card(title, "Off")

    def type_title(self, window, title, field="Name"):
        self.find(window)
        self.find(field, "text").set_text_contents(title)

    def end(self):
        """The library ends, and has had nothing to complain about."""
        self.do("Tessera", "frame", "window.close")
        self.until("the library ends", lambda: self.process.poll() is not None)
        self.log.seek(0)
        said = [line for line in self.log if "CRITICAL" in line or "runtime error" in line or "ERROR: " in line]
        self.until(f"it ended well {said}", lambda: self.process.returncode == 0 and not said, 1)


class MachineWindow(Windows):
    """That of a machine, which is another process than the library and has its name."""

    def __init__(self, desktop):
        super().__init__(desktop.display)
        self.desktop = desktop

    def is_mine(self, application):
        try:
            return application.get_process_id() != self.desktop.process.pid
        except GLib.Error:
            return False  # it has just ended


def make_netboot(path):
    """The disc of Debian's network installer."""
    subprocess.run([os.path.join(HERE, "make-netboot"), path], check=True)


def main(drive):
    tessera, pictures = os.path.abspath(sys.argv[1]), (sys.argv + [None])[2]
    if not os.access(os.path.join(os.path.dirname(tessera), "tessera-library"), os.X_OK) or not os.access(BUS, os.X_OK):
        print("skipped: no tessera-library, or no at-spi2-core")
        sys.exit(SKIPPED)
    try:
        Display()
    except OSError as why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    os.environ.setdefault("TESSERA_GUESTS", os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "tessera", "guests"))
    with tempfile.TemporaryDirectory(prefix="tessera-library-") as home:
        watch(home)
        os.makedirs(f"{home}/run", 0o700)
        for name, value in (("HOME", ""), ("XDG_CONFIG_HOME", "/.config"), ("XDG_DATA_HOME", "/.local/share"), ("XDG_RUNTIME_DIR", "/run"),
                            ("XDG_CACHE_HOME", "/.cache")):
            os.environ[name] = home + value
        os.environ.update(GTK_A11Y="atspi", GDK_BACKEND="x11", WAYLAND_DISPLAY="", LC_ALL="C.UTF-8", GSETTINGS_BACKEND="memory")
        bus = subprocess.Popen([BUS, "--launch-immediately"], stderr=subprocess.DEVNULL)
        desktop = Desktop(tessera, home, pictures)
        try:
            drive(desktop)
        finally:
            desktop.control("quit")
            for process in (desktop.process, bus):
                if process and process.poll() is None:
                    process.terminate()
                    process.wait()
            sweep(home)
            desktop.log.seek(0)
            print(desktop.log.read())
