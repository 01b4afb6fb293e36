# SPDX-License-Identifier: LGPL-2.1-or-later
"""Eight machines at a time: each boots Linux, and writes, reads and downloads what is then verified."""
import concurrent.futures
import hashlib
import random
import time

import load

MACHINES = 8
WRITES = 8      # of 4 MiB each
DOWNLOADS = 8   # of the blob


def timed(action):
    before = time.monotonic()
    value = action()
    return value, time.monotonic() - before


def one(bench, number):
    """Returns what the machine was measured at."""
    with bench.linux(bench.disk(f"disk{number}", 64 * load.MIB), "128M") as guest:
        _, boot = timed(lambda: load.prepare(guest))
        seed = random.Random(number).randrange(1 << 30)
        text = hashlib.sha256(f"{seed}\n".encode() * (1 << 16)).hexdigest()
        guest.shell(f"i=0; while [ $i -lt 65536 ]; do echo {seed}; i=$((i + 1)); done >/run/text", 240)
        made = guest.shell("sha256sum </run/text", 60).split()[0]
        _, disk = timed(lambda: guest.shell(
            f"for i in $(seq {WRITES}); do head -c 4194304 /dev/urandom >/mnt/f$i; sha256sum /mnt/f$i; done >/run/sums; "
            "sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum -c -s /run/sums", 400))
        sums, network = timed(lambda: guest.shell(
            f"for i in $(seq {DOWNLOADS}); do wget -q -O - http://{bench.address}/blob | sha256sum; done", 400))
        sizes = load.sizes(guest.process.pid)
        guest.send("poweroff\n")
        guest.expect("Power down")
        guest.expect_exit(0)
        failures = [] if made == text else ["the computed text differs"]
        failures += [] if sums.split().count(load.BLOB_SUM) == DOWNLOADS else ["a download differs"]
        return {"boot_s": boot, "disk_mib_s": 2 * 4 * WRITES / disk, "network_mib_s": len(load.BLOB) / load.MIB * DOWNLOADS / network,
                "rss": sizes["rss"], "own": sizes["code"] + sizes["rest"], "failures": failures}


def measure(arguments):
    bench = load.Bench(arguments.build, 580)
    try:
        with concurrent.futures.ThreadPoolExecutor(MACHINES) as pool:
            futures = [pool.submit(one, bench, number) for number in range(MACHINES)]
            (machines, failures), seconds = timed(lambda: gather(futures))
        moved = len(machines) * (2 * 4 * WRITES + len(load.BLOB) / load.MIB * DOWNLOADS)
        return {"seconds": seconds, "machines": machines, "moved_mib_s": moved / seconds}, failures
    finally:
        bench.close()


def gather(futures):
    machines, failures = [], []
    for number, future in enumerate(futures):
        try:
            machines.append(future.result())
            failures += [f"machine {number}: {why}" for why in machines[-1]["failures"]]
        except (load.machine.Failed, AssertionError, OSError, ValueError) as error:
            failures.append(f"machine {number}: {error}")
    return machines, failures
