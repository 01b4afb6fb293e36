# says: in realize: Invalid: 'line' is connected to tessera.chardev/1, and not to tessera.net/1
# ends: usage
import tessera


class Bad(tessera.Device):
    def realize(self):
        self.host.net("line", lambda frame: None)
