# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Modes of the processor that make happen always what seldom happens, and find where it differs from the interpreter. Whole systems
are booted in each by `run --matrix`; the rows named in `often` are part of every test run.
"""
import dataclasses


@dataclasses.dataclass
class Mode:
    options: list
    patience: int        # how much slower than plain, at most
    often: tuple = ()


MODES = {
    "plain": Mode([], 1),
    # every block on the interpreter too
    "lockstep": Mode(["--cpu", "check=lockstep"], 40, ("grub-rescue",)),
    # each block's first runs, and a few of the later ones
    "sampled": Mode(["--cpu", "check=sampled"], 20, ("linux-686",)),
    # every block translated on first sight and entered by a look-up
    "cold": Mode(["--cpu", "stress=cold"], 10, ("linux-686",)),
    # a code cache that is thrown away all the time
    "tiny": Mode(["--cpu", "cache=64K"], 10, ("grub-rescue",)),
    # an interrupt is looked for at each block's end
    "interrupts": Mode(["--cpu", "stress=interrupts"], 10, ("linux-686",)),
    # all of it
    "tiny-lockstep": Mode(["--cpu", "check=lockstep,cache=64K"], 80),
    "nobmi2": Mode(["--cpu", "bmi2=false"], 2),
}

# Rows of minutes that are only run when asked for by name.
SELDOM = ("deterministic-linux-686", "deterministic-linux-686-pae", "deterministic-linux-cdrom", "deterministic-linux-disk",
          "deterministic-debian-installer")

# The operating systems and programs that the matrix boots: those of the table in the README.
SYSTEMS = ("grub-rescue", "u-boot", "ipxe", "memtest", "linux-686", "linux-686-pae", "linux-cdrom", "linux-disk", "debian-installer")
