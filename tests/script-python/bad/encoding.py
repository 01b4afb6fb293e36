# says: bad 1.2.3: bad.py: SyntaxError: unknown encoding: nonsense
# coding: nonsense
# ends: refused
import tessera


class Bad(tessera.Device):
    pass
