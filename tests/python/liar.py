# SPDX-License-Identifier: LGPL-2.1-or-later
"""liar.py SOCKET KIND: a control socket of no machine, whose display is not what it says. KIND: small (the file is shorter than the
picture), unsealed (it can be cut under its readers), huge (a picture of 2^64 bytes), nofile (no descriptor comes), honest. Its version is
older than the jail: it has no property of that name, and no methods with open files. With the KIND old, GetStats is a line for each call
with a path."""

import fcntl
import os
import sys

from gi.repository import Gio, GLib

XML = """<node><interface name='org.tessera.Machine1'>
<property name='Name' type='s' access='read'/><property name='State' type='s' access='read'/>
<property name='ExitStatus' type='i' access='read'/><property name='Displays' type='u' access='read'/>
<method name='OpenDisplay'><arg type='u' direction='in'/><arg type='h' direction='out'/></method>
<method name='RefreshDisplay'><arg type='u' direction='in'/><arg type='t' direction='in'/><arg type='b' direction='out'/>
<arg type='t' direction='out'/><arg type='(uu)' direction='out'/><arg type='(uuuu)' direction='out'/></method>
<method name='Save'><arg type='s' direction='in'/></method><method name='Load'><arg type='s' direction='in'/></method>
<method name='InsertMedium'><arg type='s' direction='in'/><arg type='s' direction='in'/></method>
<method name='GetStats'><arg type='s' direction='out'/></method>
</interface></node>"""
PROPERTIES = {"Name": GLib.Variant("s", "liar"), "State": GLib.Variant("s", "running"), "ExitStatus": GLib.Variant("i", 0),
              "Displays": GLib.Variant("u", 1)}
F_ADD_SEALS, F_SEAL_SHRINK = 1033, 2


class Liar:
    def __init__(self, socket, kind):
        self.kind, self.serial, self.clients, self.paths = kind, 0, [], []
        self.info = Gio.DBusNodeInfo.new_for_xml(XML)
        flags = Gio.DBusServerFlags.AUTHENTICATION_REQUIRE_SAME_USER
        self.server = Gio.DBusServer.new_sync("unix:path=" + socket, flags, Gio.dbus_generate_guid(), None, None)
        self.server.connect("new-connection", self.on_client)
        self.server.start()

    def on_client(self, server, connection):
        self.clients.append(connection)
        connection.register_object("/org/tessera/Machine", self.info.interfaces[0], self.on_call, lambda *a: PROPERTIES[a[4]], None)
        return True

    def on_call(self, connection, sender, path, interface, method, arguments, invocation):
        if method == "OpenDisplay":
            self.open_display(invocation)
        elif method == "RefreshDisplay":
            self.refresh_display(invocation)
        elif method == "GetStats":
            invocation.return_value(GLib.Variant("(s)", ("\n".join(self.paths),)))
        else:
            self.paths.append(" ".join((method, *arguments.unpack())))
            if method == "Save":
                open(arguments.unpack()[0], "w").close()
            invocation.return_value(None)

    def refresh_display(self, invocation):
        self.serial += 1
        side = 0xffffffff if self.kind == "huge" else 64
        invocation.return_value(GLib.Variant("(bt(uu)(uuuu))", (True, self.serial, (side, side), (0, 0, side, side))))

    def open_display(self, invocation):
        file = os.memfd_create("liar", os.MFD_ALLOW_SEALING)
        os.ftruncate(file, 4096 if self.kind == "small" else 64 * 64 * 4)
        if self.kind != "unsealed":
            fcntl.fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK)
        files = Gio.UnixFDList.new()
        if self.kind != "nofile":
            files.append(file)
        invocation.return_value_with_unix_fd_list(GLib.Variant("(h)", (0,)), files)
        os.close(file)


liar = Liar(*sys.argv[1:])
GLib.MainLoop().run()
