#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plugins that a user installs and removes: `tessera plugins install` and `remove`. Arguments: tessera, a folder with plugins
(ID/VERSION/ID.plugin)."""
import fcntl
import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

TESSERA, PLUGINS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ID, VERSION = "acme-lamp", "1.2.0"
MANIFEST = """[Plugin]
id=acme-lamp
version=1.2.0
name=Lamp
kind=device
abi-oldest={abi}
abi-newest={newest}
licence=MIT
vendor=Acme
state-version=1
provides=acme.lamp/1
"""
TODAY = MANIFEST.format(abi="1.0", newest="1")


class Packages(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.TemporaryDirectory()
        self.addCleanup(self.top.cleanup)
        self.users = f"{self.top.name}/data/tessera/plugins"
        self.folder = f"{self.top.name}/lamp"
        self.make()

    def make(self, abi="1.0", newest="1", name=f"{ID}.plugin", manifest=None):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(f"{self.folder}/data")
        for path, text in ((name, manifest or MANIFEST.format(abi=abi, newest=newest)), (f"{ID}.so", "not loaded"), ("data/table", "1 2 3")):
            with open(f"{self.folder}/{path}", "w", encoding="utf-8") as file:
                file.write(text)

    def tessera(self, *words):
        environment = {**os.environ, "HOME": self.top.name, "XDG_DATA_HOME": f"{self.top.name}/data"}
        return subprocess.run([TESSERA, "plugins", *words], env=environment, capture_output=True, text=True, timeout=120, check=False)

    def refused(self, words, text):
        done = self.tessera(*words)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(text, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertNotIn("/.new/", done.stderr)

    def nothing(self):
        """Neither a plugin nor a rest of one."""
        self.assertEqual(os.listdir(self.users) if os.path.exists(self.users) else [], [])

    def installs(self, package):
        done = self.tessera("install", package)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"{ID} {VERSION}: {self.users}/{ID}/{VERSION}\n")
        self.assertEqual(sorted(os.listdir(self.users)), [ID])
        with open(f"{self.users}/{ID}/{VERSION}/data/table", encoding="utf-8") as file:
            self.assertEqual(file.read(), "1 2 3")

    def removes(self):
        done = self.tessera("remove", ID, VERSION)
        self.assertEqual((done.returncode, done.stdout), (0, f"{self.users}/{ID}/{VERSION}\n"), done.stderr)
        self.nothing()

    def test_a_folder(self):
        self.installs(self.folder)
        self.assertIn("Acme", self.tessera("inspect", ID).stdout)
        self.refused(("install", self.folder), f"plugin {ID} {VERSION} is installed already: {self.users}/{ID}")
        self.removes()
        self.assertNotIn(ID, self.tessera("list").stdout)
        self.refused(("remove", ID, VERSION), f"there is no plugin {ID} {VERSION}")

    def test_archives(self):
        for suffix, mode, form in (("tar", "w", tarfile.USTAR_FORMAT), ("tar.gz", "w:gz", tarfile.GNU_FORMAT), ("tgz", "w:gz", tarfile.PAX_FORMAT),
                                   ("tar.xz", "w:xz", tarfile.PAX_FORMAT), ("tar.bz2", "w:bz2", tarfile.GNU_FORMAT)):
            for inside in (".", ID, f"{ID}/{VERSION}"):
                archive = f"{self.top.name}/lamp.{suffix}"
                with tarfile.open(archive, mode, format=form) as tar:
                    tar.add(self.folder, inside)
                self.installs(archive)
                self.removes()

    def test_a_zip_archive(self):
        archive = shutil.make_archive(f"{self.top.name}/lamp", "zip", self.top.name, "lamp")
        self.installs(archive)
        self.removes()
        path = f"{self.top.name}/evil.zip"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("../evil", "x")
        self.refused(("install", path), "leads out of the archive")
        self.nothing()

    def test_long_names(self):
        for form, levels in ((tarfile.USTAR_FORMAT, 2), (tarfile.GNU_FORMAT, 4), (tarfile.PAX_FORMAT, 4)):
            self.make()
            name = "/".join(["x" * 60] * levels)
            os.makedirs(f"{self.folder}/{name}")
            with open(f"{self.folder}/{name}/file", "w", encoding="utf-8") as file:
                file.write("long")
            archive = f"{self.top.name}/lamp.tar"
            with tarfile.open(archive, "w", format=form) as tar:
                tar.add(self.folder, ".")
            self.installs(archive)
            self.assertTrue(os.path.isfile(f"{self.users}/{ID}/{VERSION}/{name}/file"), form)
            self.removes()

    def archive(self, *members):
        """The plugin and other members: (name, type, link)."""
        path = f"{self.top.name}/bad.tar"
        with tarfile.open(path, "w") as tar:
            tar.add(self.folder, ID)
            for name, kind, link in members:
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, link
                tar.addfile(info)
        return path

    def test_what_leads_out_of_an_archive(self):
        for name in ("../evil", f"{ID}/../../evil", "/tmp/evil", f"{ID}/.."):
            self.refused(("install", self.archive((name, tarfile.REGTYPE, ""))), "leads out of the archive")
            self.nothing()

    def test_links_and_devices_in_an_archive(self):
        for kind, text in ((tarfile.SYMTYPE, "a symbolic link"), (tarfile.LNKTYPE, "a hard link"), (tarfile.CHRTYPE, "a device"),
                           (tarfile.FIFOTYPE, "a pipe")):
            self.refused(("install", self.archive((f"{ID}/x", kind, "/etc/passwd"))), text)
            self.nothing()

    def test_a_member_twice(self):
        self.refused(("install", self.archive((f"{ID}/{ID}.so", tarfile.REGTYPE, ""))), "File exists")
        self.nothing()

    def test_links_in_a_folder(self):
        os.symlink("/etc/passwd", f"{self.folder}/data/link")
        self.refused(("install", self.folder), "data/link: is a symbolic link")
        os.unlink(f"{self.folder}/data/link")
        os.mkfifo(f"{self.folder}/data/pipe")
        self.refused(("install", self.folder), "data/pipe: is neither a file nor a folder")
        self.nothing()

    def test_what_is_no_archive(self):
        for content in (b"", b"x" * 4096, b"PK\3\4" + b"0" * 1020, gzip.compress(b"x" * 4096), gzip.compress(b"x" * 4096)[:40]):
            path = f"{self.top.name}/bad"
            with open(path, "wb") as file:
                file.write(content)
            done = self.tessera("install", path)
            self.assertEqual(done.returncode != 0 and done.stderr.startswith(f"tessera: {path}: "), True, done.stderr)
            self.nothing()
        self.refused(("install", f"{self.top.name}/none"), "No such file")

    def test_a_damaged_archive(self):
        """Any byte of the headers, and any end."""
        whole = io.BytesIO()
        with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            tar.add(self.folder, ID)
        path = f"{self.top.name}/bad.tar"
        for damaged in [whole.getvalue()[:length] for length in range(0, 3000, 998)] + \
                [whole.getvalue()[:at] + b"\xff" + whole.getvalue()[at + 1:] for at in range(0, 512, 62)]:
            with open(path, "wb") as file:
                file.write(damaged)
            self.assertIn(self.tessera("install", path).returncode, (1, 2))
            self.nothing()

    def test_too_much(self):
        with open(f"{self.folder}/data/huge", "wb") as file:
            file.truncate((256 << 20) + 1)
        self.refused(("install", self.folder), "data/huge: File too large")
        path = f"{self.top.name}/bad.tar"
        with tarfile.open(path, "w") as tar:
            tar.add(self.folder, ID)
        self.refused(("install", path), "more than a plugin's package may")
        self.nothing()

    def test_what_the_registry_refuses(self):
        self.make(abi="7.0", newest="7")
        self.refused(("install", self.folder), "ABI")
        self.make(manifest=TODAY + "colour=red\n")
        self.refused(("install", self.folder), f"{self.folder}/{ID}/{VERSION}/{ID}.plugin:12: colour")
        self.make()
        os.unlink(f"{self.folder}/{ID}.so")
        self.refused(("install", self.folder), "no library")
        self.nothing()

    def test_what_is_no_plugin(self):
        for manifest, text in (("[Other]\n", "is not the manifest of a plugin"), (MANIFEST.replace("acme-lamp", "../x"), "is not the manifest"),
                               (MANIFEST.replace("1.2.0", "../../x"), "is not the manifest"),
                               (MANIFEST.replace("acme-lamp", "other"), "its name is to be other.plugin")):
            self.make(manifest=manifest.format(abi="1.0", newest="1"))
            self.refused(("install", self.folder), text)
            self.nothing()
        self.make(name="readme.txt")
        self.refused(("install", self.folder), "holds no plugin")

    def test_all_or_none(self):
        shutil.copytree(self.folder, f"{self.top.name}/two/{ID}/{VERSION}")
        other = f"{self.top.name}/two/other/1.0.0"
        os.makedirs(other)
        with open(f"{other}/other.plugin", "w", encoding="utf-8") as file:
            file.write(TODAY.replace(ID, "other").replace(VERSION, "1.0.0"))
        self.refused(("install", f"{self.top.name}/two"), "no library")
        self.nothing()
        with open(f"{other}/other.so", "w", encoding="utf-8") as file:
            file.write("not loaded")
        self.assertEqual(self.tessera("install", f"{self.top.name}/two").stdout.count("\n"), 2)
        self.assertEqual(sorted(os.listdir(self.users)), [ID, "other"])

    def test_what_is_not_the_users(self):
        names = [name for name in sorted(os.listdir(PLUGINS)) if os.path.isdir(f"{PLUGINS}/{name}")]
        plugin, version = names[0], os.listdir(f"{PLUGINS}/{names[0]}")[0]
        self.refused(("remove", plugin, version), "is not the user's own")
        self.refused(("install", f"{PLUGINS}/{plugin}"), "is installed already")
        for words in ((".", "."), ("..", "x"), ("", ""), ("../..", "tessera")):
            self.refused(("remove", *words), "there is no plugin")

    def test_one_at_a_time(self):
        os.makedirs(f"{self.users}/.new/rest")
        fd = os.open(self.users, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        self.refused(("install", self.folder), "another process installs or removes plugins")
        self.assertTrue(os.path.isdir(f"{self.users}/.new/rest"))
        os.close(fd)
        self.installs(self.folder)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
