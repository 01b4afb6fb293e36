# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The module `tessera` of devices that are written in Python: what a script imports. The plugin script-python loads it from its own
folder; PYTHON-DEVICES.md is its guide.

A script has one class that extends Device. All of its methods, and all functions that it hands to its host, are called with the
machine's lock held, so they are short and never wait; host.submit is for what waits.
"""
import importlib.machinery
import importlib.util
import io
import os
import sys

import _tessera

__all__ = [
    "Device", "Error", "Failed", "Invalid", "NotFound", "Unsupported", "HostError", "VersionError", "Conflict", "StateError", "Overdue",
    "POWER_ON", "HARD", "SOFT", "ERROR", "WARNING", "INFO", "DEBUG", "ROM", "DIRTY_LOG", "DISABLED", "PRIORITY_RAM", "PRIORITY_BOARD",
    "PRIORITY_MMIO", "PRIORITY_OVERLAY", "PRIORITY_BAR",
]

# The kinds of reset (enum tsr_reset of tessera/device.h), the levels of the log and the flags and priorities of regions (host.h).
POWER_ON, HARD, SOFT = range(3)
ERROR, WARNING, INFO, DEBUG = range(4)
ROM, DIRTY_LOG, DISABLED = 1, 2, 4
PRIORITY_RAM, PRIORITY_BOARD, PRIORITY_MMIO, PRIORITY_OVERLAY, PRIORITY_BAR = 0, 1, 5, 6, 10


class Error(Exception):
    """Why something cannot be. Raised in attach, realize, load and listeners of properties, it refuses with its text."""
    tessera_code = 1


class Failed(Error):
    """None of those below."""


class Invalid(Error):
    """A value of a property that is not allowed: wrong usage."""
    tessera_code = 2


class NotFound(Error):
    """There is no such file, plugin or interface."""
    tessera_code = 3


class Unsupported(Error):
    """Known, but not possible here."""
    tessera_code = 4


class HostError(Error):
    """A file of the host cannot be used, or is not what it should be."""
    tessera_code = 5


class VersionError(Error):
    """Versions that do not work together."""
    tessera_code = 6


class Conflict(Error):
    """Another instance has the resource."""
    tessera_code = 7


class StateError(HostError):
    """A saved state that cannot be loaded."""


class Overdue(BaseException):
    """The script has not returned for so long that it was ended."""

    def __str__(self):
        return "it has not returned for too long, and was ended"


class Device:
    """
    The base of a script's class. `host` is what the device has of its machine.

    STATE names the attributes that the guest can observe, and how each is saved: "u8", "u16", "u32", "u64", "bool", "bytes" (of any
    length up to 1 MiB), or "bytes:N" (exactly N). A device with more than that, such as lists, overrides save and load.
    """

    STATE = {}

    def __init__(self, host):
        self.host = host

    def attach(self):
        """Claims what the manifest names, and reads properties. An exception refuses the machine."""

    def realize(self):
        """All devices are attached: connects to back ends."""

    def detach(self):
        """Releases what the device has outside of its host, such as files."""

    def reset(self, kind):
        """To the state that the data sheet gives for this reset: POWER_ON, HARD, SOFT."""

    def save(self, out):
        """Writes all that the guest can observe. An exception refuses to save the machine."""
        for name, kind in self.STATE.items():
            value = getattr(self, name)
            if kind.startswith("bytes"):
                out.bytes(name, value)
            else:
                getattr(out, kind)(name, value)

    def load(self, state):
        """Takes over a state. Nothing has changed if it raises StateError, because all is read before."""
        values = {name: self._read(state, name, kind) for name, kind in self.STATE.items()}
        for name, value in values.items():
            setattr(self, name, value)

    @staticmethod
    def _read(state, name, kind):
        if not kind.startswith("bytes"):
            return getattr(state, kind)(name)
        exact = int(kind[6:]) if kind[5:6] == ":" else None
        value = state.bytes(name, 1 << 20 if exact is None else exact)
        if exact is not None and len(value) != exact:
            raise StateError(f"the saved state is damaged: the field \"{name}\" has {len(value)} bytes, not {exact}")
        return value


# -- Making a device

_count = 0


def _run(path):
    """The module of a file. Each device has one of its own, so that variables of a module are not shared; files beside it are
    imported as `from . import NAME`."""
    global _count  # pylint: disable=global-statement
    _count += 1
    name = f"_device{_count}"
    folder = os.path.dirname(path)
    spec = importlib.util.spec_from_file_location(name, path, loader=importlib.machinery.SourceFileLoader(name, path),
                                                  submodule_search_locations=[folder])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        for other in [other for other in sys.modules if other == name or other.startswith(name + ".")]:
            del sys.modules[other]
    return module


def _find_class(module, path):
    classes = [value for value in vars(module).values()
               if isinstance(value, type) and issubclass(value, Device) and value.__module__.split(".")[0] == module.__name__]
    last = [value for value in classes if not any(other is not value and issubclass(other, value) for other in classes)]
    if len(last) == 1:
        return last[0]
    names = ", ".join(sorted(value.__name__ for value in last)) or "none"
    raise Failed(f"{os.path.basename(path)} has to have one class that extends tessera.Device; it has {names}")


def make_device(path, host):
    """For the plugin script-python: the object of a script."""
    return _find_class(_run(path), path)(host)


# -- The rules of a machine, for scripts of a program that runs no Python itself

class _Sealed:
    """Modules are imported while a machine is built, not later: its process then can open no file."""

    @staticmethod
    def find_spec(name, path=None, target=None):  # pylint: disable=unused-argument
        if not _tessera.may_import():
            raise ImportError(f"{name} is imported while the machine runs; import it at the script's top")


class _Log(io.TextIOBase):
    """Standard output and errors of scripts, whose lines go into the log of the device."""

    def __init__(self):
        super().__init__()
        self.rest = ""

    def writable(self):
        return True

    def write(self, text):
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            _tessera.print(line)
        return len(text)


sys.meta_path.insert(0, _Sealed)
if not _tessera.is_guest:
    sys.stdout = sys.stderr = _Log()
