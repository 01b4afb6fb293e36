# says: it has Bad, Worse
# ends: refused
import tessera


class Bad(tessera.Device):
    pass


class Worse(tessera.Device):
    pass
