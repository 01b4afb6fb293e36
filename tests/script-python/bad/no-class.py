# says: bad.py has to have one class that extends tessera.Device; it has none
# ends: refused
import tessera
