# SPDX-License-Identifier: LGPL-2.1-or-later
"""Classes, dictionaries, strings, sorting and integers: `python.py COUNT` prints a checksum."""
import sys


class Account:
    def __init__(self, name):
        self.name = name
        self.history = []

    def book(self, amount):
        self.history.append(amount)
        return len(self.history)


def words(seed, number):
    for _ in range(number):
        seed = (seed * 1664525 + 1013904223) & 0xffffffff
        yield "w%d" % (seed >> 22), seed


def turn(seed):
    accounts = {}
    for word, amount in words(seed, 4000):
        accounts.setdefault(word, Account(word)).book(amount)
    ordered = sorted(accounts.values(), key=lambda a: (-len(a.history), a.name))
    text = ",".join("%s=%d" % (a.name, sum(a.history) % 1009) for a in ordered[:300])
    checksum = 0
    for part in text.split(","):
        checksum = (checksum * 31 + sum(map(ord, part.upper()))) & 0xffffffff
    return checksum


total = 0
for i in range(int(sys.argv[1])):
    total = (total * 16777619 ^ turn(i)) & 0xffffffff
print("%08x" % total)
