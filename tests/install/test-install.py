#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""cmake --install into a prefix, and what a stranger does with it. Arguments: cmake, build folder, C compiler, source folder."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD, COMPILER, SOURCE = sys.argv[1:5]
sys.path.insert(0, os.path.join(SOURCE, "tests", "python"))

from flat import flat_bios  # noqa: E402

DEVICE = r"""
#include <tessera/tessera.h>
static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error) { return true; }
static const struct tsr_device_class class = { .size = sizeof(class), .instance_size = 1, .attach = attach };
#define PLUGIN_ID "stranger"
#define PLUGIN_VERSION "1.0.0"
TSR_DEVICE_PLUGIN(class);
"""
MANIFEST = "[Plugin]\nid=stranger\nversion=1.0.0\nname=A stranger's device\nkind=device\nabi-oldest=1.0\nabi-newest=1\n"
UNIT_TEST = r"""
#include <fake-host.h>
int main(int count, char **arguments)
{
	fake_start();
	printf("%s\n", fake_device_host(fake_device_new(NULL, arguments[1], NULL))->name);
	fake_finish();
	return 0;
}
"""
PROGRAM = r"""
#include <tessera-glib/machine.h>
int main(void)
{
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	g_autoptr(GPtrArray) plugins = tsr_registry_list_plugins(registry);
	return plugins->len > 0 ? 0 : 1;
}
"""


def run(*arguments, status=0, **keywords):
    """Its standard output; asserts the exit status."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TESSERA_", "LD_LIBRARY", "GI_"))}
    environment.update(keywords.pop("environment", {}), LC_ALL="C.UTF-8")
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60, **keywords)
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="tessera-install-")
        cls.prefix = os.path.join(cls.folder, "usr")
        cls.home = os.path.join(cls.folder, "home")
        run(CMAKE, "--install", BUILD, "--prefix", cls.prefix)
        cls.tessera = os.path.join(cls.prefix, "bin", "tessera")
        cls.environment = {"HOME": cls.home, "XDG_DATA_HOME": os.path.join(cls.home, ".local/share")}
        found = glob.glob(os.path.join(cls.prefix, "lib*", "**", "pkgconfig"), recursive=True)
        cls.environment["PKG_CONFIG_PATH"] = found[0]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def config(self, *arguments):
        return run("pkg-config", *arguments, environment=self.environment).split()

    def test_the_program_finds_its_plugins_and_machines(self):
        listed = run(self.tessera, "plugins", "list", environment=self.environment)
        self.assertIn("chardev ", listed)
        self.assertNotIn("Refused", listed)
        self.assertIn(self.prefix, run(self.tessera, "plugins", "inspect", "chardev", environment=self.environment))
        machines = run(self.tessera, "machines", environment=self.environment)
        for path in glob.glob(os.path.join(SOURCE, "manifests", "machines", "*.machine")):
            self.assertIn(os.path.basename(path)[:-len(".machine")], machines)
        self.assertNotIn(self.prefix, machines)

    def test_the_presets_start(self):
        bios, out = os.path.join(self.folder, "flat.bin"), os.path.join(self.folder, "serial")
        disk = os.path.join(self.folder, "disk,1.img")
        with open(bios, "wb") as file:
            file.write(flat_bios(b"hello from a guest\n", 16))
        with open(disk, "wb") as file:
            file.truncate(1 << 20)
        for machine in ("pc", "isapc"):
            for processor in ("cpu-bt", "cpu-interp"):
                with self.subTest(machine=machine, processor=processor):
                    run(self.tessera, "run", machine, "--bios", bios, "--cpu", processor, "--memory", "16M", "--ui", "none",
                        "--serial", "file:" + out, "--serial", "none", "--debug-exit", "port=0x501", "--boot", "cdrom",
                        "--disk", disk.replace(",", ",,") + ",format=raw,mode=nonpersistent", "--timeout", "30", status=33,
                        environment=self.environment)
                    with open(out, "rb") as file:
                        self.assertEqual(file.read(), b"hello from a guest\n")
                    os.unlink(out)

    def test_the_demo_guest_boots(self):
        demo = subprocess.Popen([self.tessera, "demo", "--timeout", "40"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True,
                                env=dict(os.environ, **self.environment, TESSERA_GUESTS=self.folder, DISPLAY="", WAYLAND_DISPLAY=""))
        greeting = ""
        while "power off" not in greeting and demo.poll() is None:
            greeting += demo.stdout.readline()
        self.assertIn("This is Tessera", greeting)
        goodbye, errors = demo.communicate("x\x1b", timeout=50)
        self.assertEqual((demo.returncode, errors), (0, ""))
        self.assertIn("Good bye", goodbye)

    def test_a_strangers_device_builds_and_is_found(self):
        folder = os.path.join(self.home, ".local/share/tessera/plugins/stranger/1.0.0")
        os.makedirs(folder)
        source = os.path.join(self.folder, "stranger.c")
        with open(source, "w") as file:
            file.write(DEVICE)
        with open(os.path.join(folder, "stranger.plugin"), "w") as file:
            file.write(MANIFEST)
        run(COMPILER, "-shared", "-fPIC", source, "-o", os.path.join(folder, "stranger.so"), *self.config("--cflags", "tessera-abi"))
        self.assertIn("A stranger's device", run(self.tessera, "plugins", "list", environment=self.environment))

    def test_a_program_builds_against_the_library(self):
        source, program = os.path.join(self.folder, "program.c"), os.path.join(self.folder, "program")
        with open(source, "w") as file:
            file.write(PROGRAM)
        flags = self.config("--cflags", "--libs", "tessera-1")
        libraries = self.config("--variable=libdir", "tessera-1")[0]
        run(COMPILER, source, "-o", program, *flags, "-Wl,-rpath," + libraries)
        run(program, environment=self.environment)

    def test_every_header_compiles_alone(self):
        include = os.path.join(self.prefix, "include", "tessera-1")
        flags = self.config("--cflags", "tessera-1")
        headers = glob.glob(os.path.join(include, "**", "*.h"), recursive=True)
        self.assertGreater(len(headers), 15)
        for header in headers:
            with self.subTest(header=header):
                draft = os.path.basename(os.path.dirname(header)) == "draft"
                compiled = (COMPILER, "-fsyntax-only", "-Wall", "-Werror", "-xc", *flags, "-")
                run(*compiled, *(["-DTSR_DRAFT"] if draft else []), input=f'#include "{header}"\n')
                if draft:
                    run(*compiled, input=f'#include "{header}"\n', status=1)

    @staticmethod
    def is_script(manifest):
        with open(manifest, encoding="utf-8") as file:
            return "\nlanguage=" in file.read()

    def test_a_plugin_exports_one_symbol(self):
        libraries = glob.glob(os.path.join(self.prefix, "lib*", "**", "plugins", "**", "*.so"), recursive=True)
        manifests = glob.glob(os.path.join(self.prefix, "lib*", "**", "plugins", "**", "*.plugin"), recursive=True)
        self.assertGreater(len(libraries), 10)
        scripts = [manifest for manifest in manifests if self.is_script(manifest)]
        self.assertEqual(len(libraries), len(manifests) - len(scripts))
        for library in libraries:
            with self.subTest(library=os.path.basename(library)):
                symbols = [line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()]
                self.assertEqual(symbols, ["tessera_plugin_entry"])

    def test_the_sdk_is_complete(self):
        for package, variable, names in (("tessera-abi", "templatedir", ["README.md"]), ("tessera-abi", "plugindir", ["pcnet"]),
                                         ("tessera-abi", "docdir", ["WRITING-A-DEVICE.md", "MANIFESTS.md", "PYTHON-DEVICES.md"]),
                                         ("tessera-1", "machinedir", ["pc.machine"]),
                                         ("tessera-fake-host", "libdir", ["libtessera-fake-host.a"])):
            folder = self.config("--variable=" + variable, package)[0]
            for name in names:
                self.assertTrue(os.path.exists(os.path.join(folder, name)), (package, variable, name))

    def test_a_unit_test_builds_against_the_fake_host(self):
        source, program = os.path.join(self.folder, "unit.c"), os.path.join(self.folder, "unit")
        manifest = os.path.join(self.folder, "stranger.plugin")
        with open(source, "w") as file:
            file.write(DEVICE + UNIT_TEST)
        with open(manifest, "w") as file:
            file.write(MANIFEST)
        run(COMPILER, source, "-o", program, *self.config("--cflags", "--libs", "tessera-fake-host"))
        self.assertEqual(run(program, manifest), "stranger\n")

    def test_nothing_is_missing(self):
        for pattern in ("share/applications/*.desktop", "share/man/man1/tessera.1", "share/man/man1/tessera-ctl.1", "bin/tessera-sdk", "share/man/man1/tessera-sdk.1",
                        "share/tessera/machines/pc.machine", "share/tessera/interfaces.json", "lib*/**/pkgconfig/tessera-abi.pc"):
            self.assertTrue(glob.glob(os.path.join(self.prefix, pattern), recursive=True), pattern)

    def test_nothing_names_the_build_tree(self):
        for folder, _, names in os.walk(self.prefix):
            for name in names:
                if name.endswith((".plugin", ".machine", ".pc", ".desktop", ".h", ".1")):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        self.assertNotIn(BUILD, file.read(), name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
