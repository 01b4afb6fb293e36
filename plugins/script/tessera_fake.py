# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The fake host (fake-host.h) for unit tests, written in Python, of devices in script languages: a machine without a core, in a process of
Python. The device is run by the plugin script-LANGUAGE as in a real machine.

    from tessera_fake import Machine

    with Machine() as machine:
        device = machine.add("acme-timer.plugin", limit=1000)
        machine.write_port(0x310, 500, 4)
        machine.advance(500_000)
        assert machine.irq("irq") == 1
        assert device.round_trip()

A process has one machine at a time. For devices in Python the interpreter has to be the one that script-python was built for, which is
Debian's /usr/bin/python3. A device that misuses its host ends the process with a message.
"""
import ctypes
import functools
import os
import re

_HERE = os.path.dirname(os.path.abspath(__file__))


def _newest(language):
    """The library of what runs the language, in the version that machines take."""
    folder = os.path.join(_HERE, "..", "plugins", f"script-{language}")
    versions = [name for name in os.listdir(folder) if all(part.isdigit() for part in name.split("."))]
    return os.path.join(folder, max(versions, key=lambda name: [int(part) for part in name.split(".")]), f"script-{language}.so")


_host = ctypes.CDLL(os.path.join(_HERE, "fake-host.so"))

_u16, _u32, _u64, _text, _pointer = ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_void_p


class _Row(ctypes.Structure):
    _fields_ = [("name", _text), ("value", _text)]


class _Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char * 508)]


class _Entry(ctypes.Structure):
    _fields_ = [("size", _u32), ("major", _u16), ("minor", _u16), ("id", _text), ("version", _text),
                ("get_factory", ctypes.CFUNCTYPE(_pointer, _text))]


class _Requests(ctypes.Structure):
    _fields_ = [("power_offs", ctypes.c_uint), ("resets", ctypes.c_uint), ("stops", ctypes.c_uint), ("reset_kind", ctypes.c_int),
                ("exit_status", ctypes.c_int), ("events", ctypes.c_uint), ("event", ctypes.c_char * 64), ("detail", ctypes.c_char * 256)]


_CAN_RECEIVE = ctypes.CFUNCTYPE(ctypes.c_bool, _pointer)
_RECEIVE = ctypes.CFUNCTYPE(None, _pointer, _pointer, ctypes.c_size_t)
_LINK = ctypes.CFUNCTYPE(None, _pointer, ctypes.c_bool)
_ROOM = ctypes.CFUNCTYPE(ctypes.c_size_t, _pointer)
_CONNECT = ctypes.CFUNCTYPE(None, _pointer, _pointer)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_size_t, _pointer, _pointer, ctypes.c_size_t)
_READY = ctypes.CFUNCTYPE(None, _pointer)


class _NetPort(ctypes.Structure):
    _fields_ = [("size", _u32), ("flags", _u32), ("to", _pointer), ("can_receive", _CAN_RECEIVE), ("receive", _RECEIVE),
                ("link_changed", _LINK)]


class _NetTable(ctypes.Structure):
    _fields_ = [("size", _u32), ("flags", _u32), ("connect", _CONNECT), ("send", _RECEIVE), ("ready", _READY)]


class _ChardevPort(ctypes.Structure):
    _fields_ = [("size", _u32), ("flags", _u32), ("to", _pointer), ("room", _ROOM), ("receive", _RECEIVE)]


class _ChardevTable(ctypes.Structure):
    _fields_ = [("size", _u32), ("flags", _u32), ("connect", _CONNECT), ("write", _WRITE), ("ready", _READY)]


def _declare(name, result, *arguments):
    function = getattr(_host, name)
    function.restype, function.argtypes = result, arguments
    return function


_start_in = _declare("fake_start_in", None, _text)
_finish = _declare("fake_finish", None)
_try = _declare("fake_device_try", _pointer, _pointer, _text, ctypes.POINTER(_Row), ctypes.POINTER(_Error))
_delete = _declare("fake_device_delete", None, _pointer)
_reset = _declare("fake_device_reset", None, _pointer, ctypes.c_int)
_set = _declare("fake_device_set", ctypes.c_bool, _pointer, _text, _text, ctypes.POINTER(_Error))
_get = _declare("fake_device_get", _text, _pointer, _text)
_fuzz = _declare("fake_device_fuzz_registers", None, _u64, ctypes.c_uint)
_connect = _declare("fake_connect", None, _text, _pointer, _pointer)
_save = _declare("fake_device_save", _pointer, _pointer)
_load = _declare("fake_device_load", ctypes.c_bool, _pointer, _pointer, _u32, ctypes.POINTER(_Error))
_round_trip = _declare("fake_device_round_trip", ctypes.c_bool, _pointer)
_state_free = _declare("fake_state_free", None, _pointer)
_state_remove = _declare("fake_state_remove", ctypes.c_bool, _pointer, _text)
_state_set = _declare("fake_state_set", ctypes.c_bool, _pointer, _text, _u64)
_port_read = _declare("fake_port_read", _u32, _u16, ctypes.c_uint)
_port_write = _declare("fake_port_write", None, _u16, _u32, ctypes.c_uint)
_mmio_read = _declare("fake_mmio_read", _u64, _u64, ctypes.c_uint)
_mmio_write = _declare("fake_mmio_write", None, _u64, _u64, ctypes.c_uint)
_ram = _declare("fake_ram", _pointer, _u64)
_irq_level = _declare("fake_irq_level", ctypes.c_int, _text)
_irq_edges = _declare("fake_irq_edges", ctypes.c_uint, _text)
_now = _declare("fake_clock_now", _u64)
_advance = _declare("fake_clock_advance", None, _u64)
_work = _declare("fake_workers_run", None)
_pci_read = _declare("fake_pci_read", _u32, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint)
_pci_write = _declare("fake_pci_write", None, ctypes.c_uint, ctypes.c_uint, _u32, ctypes.c_uint)
_pci_intx = _declare("fake_pci_intx", ctypes.c_int, ctypes.c_uint)
_pci_of = _declare("fake_pci_of", ctypes.c_uint, _pointer)
_pci_enable = _declare("fake_pci_enable", None, ctypes.c_uint)
_pci_bar = _declare("fake_pci_bar", _u32, ctypes.c_uint, ctypes.c_uint)
_log_contains = _declare("fake_log_contains", ctypes.c_bool, _text)
_log_count = _declare("fake_log_count", ctypes.c_uint, ctypes.c_int)
_requests = _declare("fake_requests", _pointer)


@functools.cache
def _class(language):
    scripts = ctypes.CDLL(_newest(language))
    return _Entry.in_dll(scripts, "tessera_plugin_entry").get_factory(b"tessera.device/1")


def _language(manifest):
    with open(manifest, encoding="utf-8") as file:
        found = re.search(r"^language=(\w+)$", file.read(), re.MULTILINE)
    if not found:
        raise Refused(f"{manifest} names no language: it is no script's")
    return found[1]


RAM_SIZE = 16 << 20


class Refused(Exception):
    """What a device refuses: its message."""


def _call(function, *arguments):
    error = _Error()
    if not function(*arguments, ctypes.byref(error)):
        raise Refused(error.message.decode(errors="replace"))


class State:
    """A saved state of one device. Fields have paths: "group/field"."""

    def __init__(self, device):
        self.state = _save(device.instance)

    def __del__(self):
        _state_free(self.state)

    def remove(self, path):
        return _state_remove(self.state, path.encode())

    def set(self, path, value):
        return _state_set(self.state, path.encode(), value)


class Device:
    """One device of a machine, which its `add` makes."""

    def __init__(self, instance):
        self.instance = instance

    def reset(self, kind=0):
        """0 power-on, 1 hard, 2 soft."""
        _reset(self.instance, kind)

    def set(self, name, value):
        """A mutable property, as a user sets it while the machine runs."""
        _call(_set, self.instance, name.encode(), str(value).encode())

    def get(self, name):
        return _get(self.instance, name.encode()).decode()

    def save(self):
        return State(self)

    def load(self, state, version=1):
        _call(_load, self.instance, state.state, version)

    def round_trip(self):
        """False: a state that is saved and loaded is another one; what differs is printed."""
        return _round_trip(self.instance)

    def delete(self):
        _delete(self.instance)

    # -- its PCI function

    @property
    def bdf(self):
        return _pci_of(self.instance)

    def enable(self):
        """Gives addresses to the BARs, and turns decoding and bus mastering on."""
        _pci_enable(self.bdf)

    def bar(self, number):
        return _pci_bar(self.bdf, number)

    def read_config(self, offset, width):
        return _pci_read(self.bdf, offset, width)

    def write_config(self, offset, value, width):
        _pci_write(self.bdf, offset, value, width)

    @property
    def intx(self):
        return _pci_intx(self.bdf)


class Net:
    """A network for Machine.connect: `sent` has the frames of the card."""

    def __init__(self):
        self.sent = []
        self.port = None
        self.table = _NetTable(ctypes.sizeof(_NetTable), 0, _CONNECT(self._connect), _RECEIVE(self._send), _READY(lambda _: None))

    def _connect(self, _, port):
        self.port = ctypes.cast(port, ctypes.POINTER(_NetPort)).contents

    def _send(self, _, frame, length):
        self.sent.append(ctypes.string_at(frame, length))

    def deliver(self, frame):
        """False: the card has no room."""
        if not self.port.can_receive(self.port.to):
            return False
        self.port.receive(self.port.to, ctypes.cast(ctypes.c_char_p(bytes(frame)), _pointer), len(frame))
        return True

    def plug(self, is_up):
        if self.port.link_changed:
            self.port.link_changed(self.port.to, is_up)


class Serial:
    """A byte stream for Machine.connect: `written` has the bytes of the device."""

    def __init__(self):
        self.written = b""
        self.port = None
        self.table = _ChardevTable(ctypes.sizeof(_ChardevTable), 0, _CONNECT(self._connect), _WRITE(self._write), _READY(lambda _: None))

    def _connect(self, _, port):
        self.port = ctypes.cast(port, ctypes.POINTER(_ChardevPort)).contents

    def _write(self, _, data, length):
        self.written += ctypes.string_at(data, length)
        return length

    def deliver(self, data):
        """How many bytes the device took."""
        count = min(len(data), self.port.room(self.port.to))
        if count:
            self.port.receive(self.port.to, ctypes.cast(ctypes.c_char_p(bytes(data[:count])), _pointer), count)
        return count


class Machine:
    """An empty machine: 16 MiB of RAM, the clock at 0."""

    def __init__(self, folder="."):
        self.folder = folder.encode()  # of manifests; the fake host keeps the pointer
        self.peers = []
        _start_in(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _finish()

    def add(self, manifest, rows=None, **properties):
        """Makes a device; `rows`: keys such as "resource.regs.base" or "address". Raises Refused with what attach says."""
        values = dict(rows or {}, **properties)
        table = (_Row * (len(values) + 1))(*[(name.encode(), str(value).encode()) for name, value in values.items()])
        error = _Error()
        instance = _try(_class(_language(os.path.join(self.folder.decode(), manifest))), manifest.encode(), table, ctypes.byref(error))
        if not instance:
            raise Refused(error.message.decode(errors="replace"))
        return Device(instance)

    def connect(self, need, peer):
        """What a need of the devices is connected to that are made from now on: a Net, a Serial, None."""
        self.peers.append(peer)
        _connect(need.encode(), ctypes.cast(ctypes.byref(peer.table), _pointer) if peer else None, None)
        return peer

    def read_port(self, port, width):
        return _port_read(port, width)

    def write_port(self, port, value, width):
        _port_write(port, value, width)

    def read_memory(self, address, width):
        return _mmio_read(address, width)

    def write_memory(self, address, value, width):
        _mmio_write(address, value, width)

    def read_ram(self, address, length):
        assert 0 <= address <= address + length <= RAM_SIZE
        return ctypes.string_at(_ram(address), length)

    def write_ram(self, address, data):
        assert 0 <= address <= address + len(data) <= RAM_SIZE
        ctypes.memmove(_ram(address), bytes(data), len(data))

    def irq(self, name):
        """The level of a line, by the name of the manifest's resource."""
        return _irq_level(name.encode())

    def irq_edges(self, name):
        return _irq_edges(name.encode())

    @property
    def now(self):
        return _now()

    def advance(self, nanoseconds):
        """Timers expire, each at its deadline."""
        _advance(nanoseconds)

    def run_work(self):
        """Runs what was submitted, and its `done`."""
        _work()

    def fuzz(self, seed, count):
        """Random accesses of every port, address, BAR and configuration space."""
        _fuzz(seed, count)

    def log_contains(self, text):
        return _log_contains(text.encode())

    def log_count(self, level=0):
        """Lines of a level; 0: errors."""
        return _log_count(level)

    @property
    def requests(self):
        """What devices asked of the machine: power_offs, resets, stops, reset_kind, exit_status, events."""
        return ctypes.cast(_requests(), ctypes.POINTER(_Requests)).contents

    @property
    def last_event(self):
        """Name and detail of what was emitted last; ("fault", MESSAGE) after a first mistake of a script."""
        return self.requests.event.decode(errors="replace"), self.requests.detail.decode(errors="replace")
