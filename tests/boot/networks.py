# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows about the network that only Tessera can run: connections in a saved state."""
import socket
import threading

from guests import guest, linux

NEEDS = ["vmlinuz-686", "modules-686", "busybox"]


class Talker:
    """A server on the host's loopback that sends some bytes to each client, and then nothing."""

    def __init__(self, data):
        self.data = data
        self.clients = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            self.clients.append(client)
            client.sendall(self.data)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def connect(port):
    """To a forwarded port, whose server in the guest may not listen yet: the guest's answer says that it does."""
    while True:
        connection = socket.create_connection(("127.0.0.1", port), 30)
        if connection.recv(5) == b"hello":
            return connection
        connection.close()


@guest("network-state", NEEDS, 240)
def network_state(test):
    """The guest reads from connections; its state is saved, and another process resumes it: no reader waits for ever."""
    data = b"HTTP/1.0 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100000
    talker = Talker(data)
    port = free_port()
    options = {"nic": f"user,loopback=true,hostfwd=tcp:127.0.0.1:{port}-:7777"}
    state = test.path("state")
    with linux(test, **options) as machine:
        machine.expect("tessera# ")
        # without a standard input of its own, nc would take what is typed on the console
        machine.shell(f"sleep 9999 | (nc 10.0.2.2 {talker.port} >/tmp/silent; echo silent-reader=$(wc -c </tmp/silent)) & true")
        machine.shell(f"(wget -q -O /tmp/blob http://10.0.2.2:{talker.port}/; echo wget-ended=$?) & true")
        machine.shell("(echo hello | nc -l -p 7777 >/tmp/server; echo server-ended=$?) & true")
        connection = connect(port)
        machine.shell(f"until [ $(wc -c </tmp/silent) = {len(data)} ]; do sleep 0.2; done", 60)
        machine.shell("until [ $(wc -c </tmp/blob) = 100000 ]; do sleep 0.2; done", 60)
        machine.control("save", state)
        machine.control("quit")
        connection.close()
    with test.start(**options, extra=["--load", state]) as machine:
        ends = {f"silent-reader={len(data)}", "wget-ended=", "server-ended="}
        while ends:
            found = machine.expect("|".join(sorted(ends)), 30).group(0)
            ends.remove(found)
        machine.send(f"sleep 9999 | nc 10.0.2.2 {talker.port} >/tmp/again &\n")  # the network works on
        machine.shell(f"until [ $(wc -c </tmp/again) = {len(data)} ]; do sleep 0.2; done", 60)
