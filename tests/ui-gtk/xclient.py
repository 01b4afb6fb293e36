# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of the X server that DISPLAY names, without a library but Xlib and XTest. OSError: this host has no libXtst."""

import ctypes
import string
import time


class ClientMessage(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int), ("display", ctypes.c_void_p),
                ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong), ("format", ctypes.c_int), ("data", ctypes.c_long * 5),
                ("pad", ctypes.c_long * 24)]


class WindowAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("x", "y", "width", "height", "border_width", "depth")] + [
        ("visual", ctypes.c_void_p), ("root", ctypes.c_ulong)] + [
        (name, ctypes.c_int) for name in ("class", "bit_gravity", "win_gravity", "backing_store")] + [
        ("backing_planes", ctypes.c_ulong), ("backing_pixel", ctypes.c_ulong), ("save_under", ctypes.c_int), ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int), ("map_state", ctypes.c_int), ("pad", ctypes.c_long * 8)]


class ErrorEvent(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("display", ctypes.c_void_p), ("resource", ctypes.c_ulong), ("serial", ctypes.c_ulong),
                ("error_code", ctypes.c_ubyte), ("request_code", ctypes.c_ubyte), ("minor_code", ctypes.c_ubyte)]


IS_VIEWABLE = 2
BAD_WINDOW = 3
SHIFTED = string.ascii_uppercase + '~!@#$%^&*_+{}|:"<>?'
ERROR_HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ErrorEvent))


@ERROR_HANDLER
def on_error(display, event):
    """A window may go between being listed and being asked; all else is an error of the test, which Xlib tells and ends."""
    return 0 if event.contents.error_code == BAD_WINDOW else usual_handler(display, event)


usual_handler = None


class Display:
    """As much of an X client as it takes to press keys, to find a window, and to see a point of it."""

    def __init__(self):
        self.x, self.test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.x.XStringToKeysym.restype = ctypes.c_ulong
        self.x.XDefaultRootWindow.restype = ctypes.c_ulong
        self.x.XKeysymToString.restype = ctypes.c_char_p
        self.x.XInternAtom.restype = ctypes.c_ulong
        self.x.XGetImage.restype = ctypes.c_void_p
        self.x.XGetPixel.restype = ctypes.c_ulong
        self.x.XSetErrorHandler.restype = ERROR_HANDLER
        self.display = ctypes.c_void_p(self.x.XOpenDisplay(None))
        self.handle_errors()

    def handle_errors(self):
        global usual_handler
        previous = self.x.XSetErrorHandler(on_error)
        usual_handler = usual_handler or previous

    def press(self, name, down):
        code = self.x.XKeysymToKeycode(self.display, ctypes.c_ulong(self.x.XStringToKeysym(name.encode())))
        self.test.XTestFakeKeyEvent(self.display, code, int(down), 0)
        self.x.XFlush(self.display)

    def key(self, *names):
        for name, down in [(n, True) for n in names] + [(n, False) for n in reversed(names)]:
            self.press(name, down)
            time.sleep(0.05)

    def type(self, text):
        """ASCII characters, on the keyboard of the United States that an X server has of its own, whose parentheses are keys that no PC has."""
        for character in text:
            name = self.x.XKeysymToString(ctypes.c_ulong(ord(character))).decode()
            self.key(*(["Shift_L"] if character in SHIFTED else []), name)

    def point(self, x, y):
        self.test.XTestFakeMotionEvent(self.display, -1, x, y, 0)
        self.x.XFlush(self.display)
        time.sleep(0.1)

    def click(self):
        for down in (1, 0):
            self.test.XTestFakeButtonEvent(self.display, 1, down, 0)
            self.x.XFlush(self.display)
            time.sleep(0.1)

    def pixel(self, x, y):
        """The colour of a point of the screen, 0xRRGGBB."""
        image = ctypes.c_void_p(self.x.XGetImage(self.display, ctypes.c_ulong(self.x.XDefaultRootWindow(self.display)), x, y, 1, 1,
                                                 ctypes.c_ulong(0xffffff), 2))
        colour = self.x.XGetPixel(image, 0, 0)
        self.x.XDestroyImage(image)
        return colour & 0xffffff

    def windows(self):
        """Those of the top level, in their order from the lowest to the highest."""
        root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
        children = ctypes.POINTER(ctypes.c_ulong)()
        self.x.XQueryTree(self.display, ctypes.c_ulong(self.x.XDefaultRootWindow(self.display)), ctypes.byref(root),
                          ctypes.byref(parent), ctypes.byref(children), ctypes.byref(count))
        return children[:count.value]

    def shown(self):
        """How many of them are on the screen."""
        attributes = WindowAttributes()
        return sum(bool(self.x.XGetWindowAttributes(self.display, ctypes.c_ulong(window), ctypes.byref(attributes)))
                   and attributes.map_state == IS_VIEWABLE for window in self.windows())

    def titles(self):
        """{title: window} of the top level."""
        found = {}
        for window in self.windows():
            name = ctypes.c_char_p()
            if self.x.XFetchName(self.display, ctypes.c_ulong(window), ctypes.byref(name)) and name.value:
                found[name.value.decode()] = window
        return found

    def lift(self, window):
        """Above all others."""
        self.x.XRaiseWindow(self.display, ctypes.c_ulong(window))
        self.x.XFlush(self.display)

    def is_above(self, title, other):
        """Windows of the top level, by their titles; False: there are not both."""
        windows, titles = list(self.windows()), self.titles()
        if titles.get(title) not in windows or titles.get(other) not in windows:
            return False
        return windows.index(titles[title]) > windows.index(titles[other])

    def close(self, window):
        """What a window manager's close button sends."""
        protocols = self.x.XInternAtom(self.display, b"WM_PROTOCOLS", 0)
        delete = self.x.XInternAtom(self.display, b"WM_DELETE_WINDOW", 0)
        event = ClientMessage(type=33, window=window, message_type=protocols, format=32)
        event.data[0] = delete
        self.x.XSendEvent(self.display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(event))
        self.x.XFlush(self.display)
