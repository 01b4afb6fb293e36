# SPDX-License-Identifier: LGPL-2.1-or-later
"""A folder as an installation: program and library of one build, and plugins from wherever one wants."""
import os
import shutil
from pathlib import Path


class Installation:
    """`plugins`: a folder ID/VERSION/… for each id. Machines are those of `machines`."""

    def __init__(self, folder, build, plugins, machines):
        self.folder = Path(folder)
        shutil.copytree(build / "bin", self.folder / "bin")
        (self.folder / "core").mkdir()
        for library in build.glob("core/libtessera-1.so*"):
            shutil.copy2(library, self.folder / "core", follow_symlinks=False)
        (self.folder / "plugins").mkdir()
        for name, source in plugins.items():
            (self.folder / "plugins" / name).symlink_to(source)
        self.program = self.folder / "bin" / "tessera"
        self.environment = dict(os.environ, DISPLAY="", WAYLAND_DISPLAY="", LD_LIBRARY_PATH=str(self.folder / "core"),
                                TESSERA_MACHINE_PATH=str(machines), TESSERA_PLUGIN_PATH=str(self.folder / "plugins"))
