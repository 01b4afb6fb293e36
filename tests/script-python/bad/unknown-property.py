# says: it asks for the property 'colour', which its manifest lacks
# ends: refused
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.get_string("colour")
