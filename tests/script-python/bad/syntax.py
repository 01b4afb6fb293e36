# says: bad 1.2.3: bad.py:6: SyntaxError: invalid syntax
# ends: refused
import tessera


class Bad(tessera.Device)::
    pass
