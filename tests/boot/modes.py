# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Modes of the processor that force rare paths, or find where it differs from the interpreter. `run --matrix` boots whole systems in each;
the rows that `often` names are part of every test run.
"""
import dataclasses


@dataclasses.dataclass
class Mode:
    options: list
    patience: int        # at most this many times slower than plain
    often: tuple = ()


MODES = {
    "plain": Mode([], 1),
    # every block also runs on the interpreter
    "lockstep": Mode(["--cpu", "check=lockstep"], 40, ("grub-rescue",)),
    # the first runs of each block, and some of the later ones, do
    "sampled": Mode(["--cpu", "check=sampled"], 20, ("linux-686",)),
    # every block is translated when it is first reached, and entered by a look-up
    "cold": Mode(["--cpu", "stress=cold"], 10, ("linux-686",)),
    # a code cache that is emptied all the time
    "tiny": Mode(["--cpu", "cache=64K"], 10, ("grub-rescue",)),
    # interrupts are checked for at the end of each block
    "interrupts": Mode(["--cpu", "stress=interrupts"], 10, ("linux-686",)),
    # the translator's tables are small, so that blocks are cut
    "cramped": Mode(["--cpu", "stress=cramped"], 10, ("grub-rescue", "linux-686")),
    # the numbers of tags start again all the time
    "wrap": Mode(["--cpu", "tags=16,check=sampled"], 20, ("linux-686",)),
    # lockstep and tiny
    "tiny-lockstep": Mode(["--cpu", "check=lockstep,cache=64K"], 80),
    # all code is translated as if it were hot, and uses memory by the window
    "windows": Mode(["--cpu", "windows=all,promote=1,targets=1,checks=inline,unchecked=off"], 10, ("linux-686",)),
    # the same, and user level has no checks, but signals, whatever they cost
    "unchecked": Mode(["--cpu", "windows=all,promote=1,targets=1,checks=inline,unchecked=always"], 10, ("linux-686",)),
    # all code by the window, and the first runs of each block also run on the interpreter
    "windows-sampled": Mode(["--cpu", "windows=all,promote=1,checks=inline,check=sampled"], 20, ("linux-686",)),
    # blocks of user level do not contain their address, whether or not there is another
    "shared": Mode(["--cpu", "share=always"], 10, ("linux-686",)),
    "nobmi2": Mode(["--cpu", "bmi2=false"], 2),
}

# Rows that take minutes; they run only when they are named.
SELDOM = ("deterministic-linux-686", "deterministic-linux-686-pae", "deterministic-linux-cdrom", "deterministic-linux-disk",
          "deterministic-debian-installer")

# The operating systems and programs that the matrix boots: those of the table in the README.
SYSTEMS = ("grub-rescue", "u-boot", "ipxe", "memtest", "linux-686", "linux-686-pae", "linux-cdrom", "linux-disk", "debian-installer")
