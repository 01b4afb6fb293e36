# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine in a home of its own, whose window is driven by the names that its controls have for assistive technologies. The
arguments of such a test: TESSERA DISK [PICTURES]; DISK is made of desk.S, PICTURES is a folder for screenshots. It runs on the X
server that DISPLAY names, with a session bus; status 77: this host cannot (no libXtst, no AT-SPI, no plugin ui-gtk)."""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "library-gtk"))

SKIPPED = 77
BUS = "/usr/libexec/at-spi-bus-launcher"
TITLE = "Desk/1"

try:
    from atspi import Driver, GLib, actions_of, children, description_of, is_focused, name_of, role_of, walk  # noqa: F401
    from leftovers import sweep, watch
    from xclient import Display
except (ImportError, ValueError) as why_not:
    print(f"skipped: {why_not}")
    sys.exit(SKIPPED)


# GTK 4.8's timer of a tooltip outlives the dialog that the pointer was over, and then complains of these functions.
TOOLTIP_OF_A_CLOSED_WINDOW = ("gdk_surface_get_device_position", "_gtk_widget_find_at_coords")


class Desk(Driver):
    """A machine in a home of its own, and its window."""

    def __init__(self, tessera, disk, home, pictures):
        super().__init__("org.tessera.Tessera")
        self.tessera, self.home, self.pictures = tessera, home, pictures
        self.display = Display()
        self.socket = f"{home}/control"
        self.manifest = f"{home}/Desk/Desk.machine"
        os.mkdir(f"{home}/Desk")
        shutil.copy(disk, f"{home}/Desk/disk.img")
        with open(self.manifest, "w", encoding="utf-8") as file:
            file.write("[Machine]\nextends=pc\nname=Desk\n\n[Instance disk0]\nslot=\nfile=disk.img\n\n[Instance serial0]\nslot=\nkind=signal\n")
        self.log = open(f"{home}/log", "w+", encoding="utf-8")
        self.process = None

    def start(self, *more):
        self.process = subprocess.Popen(
            [self.tessera, "run", self.manifest, "--ui", "gtk", "--boot", "disk", "--memory", "32M", "--set", f"ui0.title={TITLE}", "--control", "unix:" + self.socket, "--timeout", "900", *more], stderr=self.log)
        self.until("the window opens", lambda: self.display.titles().get(TITLE))
        self.until("it has names", self.application)
        self.until("the guest runs", lambda: "running" in self.control("status"))
        self.focus()

    def control(self, *words):
        return subprocess.run([self.tessera, "ctl", self.socket, *words], capture_output=True, text=True).stdout

    def focus(self):
        """There is no window manager that would give the keyboard to a new window."""
        titles = self.display.titles()
        window = next(titles[title] for title in titles if title.startswith(TITLE))
        self.display.x.XSetInputFocus(self.display.display, ctypes.c_ulong(window), 1, ctypes.c_long(0))
        self.display.x.XFlush(self.display.display)
        time.sleep(0.2)

    def picture(self, name):
        if self.pictures:
            time.sleep(1)
            subprocess.run(["import", "-window", "root", f"{self.pictures}/{name}.png"], check=False)

    def has_said_nothing_wrong(self):
        self.log.seek(0)
        said = [line for line in self.log if any(word in line for word in ("CRITICAL", "runtime error", "ERROR: ", "WARNING"))
                and not any(function in line for function in TOOLTIP_OF_A_CLOSED_WINDOW)]
        self.until(f"it ended well {said}", lambda: not said, 1)

    def names(self):
        return [name_of(node) for window in children(self.application()) for node in walk(window)]


def set_clipboard(desk, text):
    """Another program of the desktop copies a text."""
    code = ("import sys, gi; gi.require_version('Gtk', '4.0'); from gi.repository import Gtk, Gdk, GLib; Gtk.init(); "
            "c = Gdk.Display.get_default().get_clipboard(); b = GLib.Bytes.new(sys.stdin.buffer.read()); "
            "c.set_content(Gdk.ContentProvider.new_for_bytes('text/plain;charset=utf-8', b)); print('has', flush=True); "
            "GLib.timeout_add_seconds(60, exit); GLib.MainLoop().run()")
    owner = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ, GTK_A11Y="none"))
    owner.stdin.write(text)
    owner.stdin.close()
    desk.until("the clipboard has it", lambda: owner.stdout.readline())
    return owner


def prepare_home(home):
    os.makedirs(f"{home}/run", 0o700)
    for name, value in (("HOME", ""), ("XDG_CONFIG_HOME", "/.config"), ("XDG_DATA_HOME", "/.local/share"), ("XDG_RUNTIME_DIR", "/run"),
                        ("XDG_CACHE_HOME", "/.cache")):
        os.environ[name] = home + value
    os.environ.update(GTK_A11Y="atspi", GDK_BACKEND="x11", WAYLAND_DISPLAY="", LC_ALL="C.UTF-8", GSETTINGS_BACKEND="memory")


def skip_unless_possible(tessera):
    listed = subprocess.run([tessera, "plugins", "list"], capture_output=True, text=True).stdout
    if "ui-gtk" not in listed.split("Refused")[0] or not os.access(BUS, os.X_OK):
        print("skipped: no plugin ui-gtk, or no at-spi2-core")
        sys.exit(SKIPPED)
    try:
        Display()
    except OSError as why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)


def run(drive, desk_class=Desk):
    """Calls drive(desk)."""
    tessera, disk, pictures = os.path.abspath(sys.argv[1]), sys.argv[2], (sys.argv + [None])[3]
    skip_unless_possible(tessera)
    with tempfile.TemporaryDirectory(prefix="tessera-names-") as home:
        watch(home)
        prepare_home(home)
        bus = subprocess.Popen([BUS, "--launch-immediately"], stderr=subprocess.DEVNULL)
        desk = desk_class(tessera, disk, home, pictures)
        try:
            drive(desk)
        finally:
            if desk.process and desk.process.poll() is None:
                desk.process.kill()
            bus.terminate()  # with the bus that it has started
            bus.wait()
            sweep(home)
            desk.log.seek(0)
            print(desk.log.read())
