# SPDX-License-Identifier: LGPL-2.1-or-later
"""One machine under verified load of disk, network, processes and memory: no failure, and the process stays as large as it is."""
import re
import statistics
import time

import load

WARM_UP = 5 # minutes until caches are full
FLAT = 0.01 # the measures' medians of each later minute differ by at most this part
KINDS = ("disk", "network", "processes", "memory")
SAMPLE = 2  # seconds
LATE = 240  # more seconds for the first round of each kind, on a host that has little time
JUDGED = ("rss", "descriptors", "threads")
# What is taken of each minute's samples. A connection holds a descriptor for seconds after its end: the guest makes none for twenty
# seconds after the 40th of its minute, or after the round that runs then, and the least number of two minutes counts.
SERIES = {"rss": statistics.median, "guest": statistics.median, "code": statistics.median, "rest": statistics.median, "descriptors": min,
          "threads": statistics.median}


def minutes(samples, name, take):
    """One value of each whole minute."""
    whole = int(samples[-1][0] // 60) if samples else 0
    return [take([sizes[name] for at, sizes in samples if at // 60 == minute]) for minute in range(whole)]


def grown(samples):
    """MiB by which the mappings have grown since the warm-up, the largest first."""
    later = [sizes["mapped"] for at, sizes in samples if at >= WARM_UP * 60]
    if not later:
        return {}
    before, after = ({name.split("-")[0]: size for name, size in sample.items()} for sample in (later[0], later[-1]))
    sizes = {name: (size - before.get(name, 0)) / load.MIB for name, size in after.items()}
    return dict(sorted(((name, size) for name, size in sizes.items() if abs(size) >= 0.1), key=lambda each: -each[1])[:8])


def spread(name, values):
    """By which part the values after the warm-up differ; None: there are too few."""
    later = values[WARM_UP:]
    if name == "descriptors":
        later = [min(pair) for pair in zip(later, later[1:])]
    return (max(later) - min(later)) / min(later) if len(later) > 1 else None


def rounds(lines):
    """How many of each kind the guest has made."""
    return {kind: sum(bool(re.match(f"load {kind} ", line)) for line in lines) for kind in KINDS}


def watch(guest, seconds):
    """The samples and the guest's lines of that time; it is longer until each kind of load has made a round."""
    samples, lines, start = [], [], time.monotonic()
    while time.monotonic() - start < seconds + (0 if all(rounds(lines).values()) else LATE):
        until = time.monotonic() + SAMPLE
        while time.monotonic() < until:
            if not guest.pump(0.2):
                return samples, lines + ["load FAILED: the run ended"]
        *whole, guest.text = guest.text.split("\n")
        lines += [line for line in whole if line.startswith("load ") or "rror" in line]
        samples.append((time.monotonic() - start, load.sizes(guest.process.pid)))
    return samples, lines


def judge(result):
    """What is wrong with a result."""
    found = list(result["failures"])
    found += [f"no round of {kind}" for kind in KINDS if not result["rounds"].get(kind)]
    for name in JUDGED:
        part = spread(name, result["minutes"][name])
        if part is not None and part > FLAT:
            found.append(f"{name} differ by {part:.2%} after minute {WARM_UP}")
    if result["file_system"]:
        found.append("e2fsck: " + result["file_system"])
    return found


def measure(arguments):
    seconds = arguments.seconds or 1200
    bench = load.Bench(arguments.build, seconds + 2 * LATE + 240)
    try:
        disk = bench.disk("disk", 96 * load.MIB)
        with bench.linux(disk, "192M") as guest:
            load.prepare(guest)
            guest.shell(f"wget -q -O /run/load http://{bench.address}/load", 60)
            guest.shell(f"setsid sh /run/load {bench.address} {load.BLOB_SUM} </dev/null >/dev/console 2>&1 & true")
            samples, lines = watch(guest, seconds)
            guest.shell("touch /run/stop")
            lines += guest.expect("((?:.|\n)*)load done", 240).group(1).split("\n")
            guest.shell("umount /mnt", 60)
            guest.send("poweroff\n")
            guest.expect("Power down", 120)
            guest.expect_exit(0)
        series = {name: minutes(samples, name, take) for name, take in SERIES.items()}
        result = {
            "seconds": seconds,
            "rounds": rounds(lines),
            "failures": [line for line in lines if "FAILED" in line or "rror" in line],
            "file_system": load.check_disk(disk),
            "minutes": series,
            "grown": grown(samples),
        }
        return result, judge(result)
    finally:
        bench.close()
