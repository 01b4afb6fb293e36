# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures that other tests make: they run them and count."""
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def fuzz(arguments):
    """Each libFuzzer program for some seconds, as tests/fuzz runs it; how many inputs it tried."""
    seconds = int(arguments.seconds or 60)
    folder = os.path.join(os.path.abspath(arguments.build), "tests", "fuzz")
    fuzzers, failures = {}, []
    for program in sorted(p for p in glob.glob(os.path.join(folder, "fuzz-*")) if os.access(p, os.X_OK) and os.path.isfile(p)):
        name = os.path.basename(program)
        command = [program, f"-max_total_time={seconds}", "-print_final_stats=1", "-timeout=10", os.path.join(folder, "corpus-" + name),
                   *glob.glob(os.path.join(HERE, "..", "fuzz", name.removeprefix("fuzz-"), "seeds"))]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False,
                              env=dict(os.environ, G_SLICE="always-malloc"))  # as tests/fuzz does
        inputs = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
        took = re.search(r"Done \d+ runs in (\d+) second", done.stderr)
        fuzzers[name] = {"inputs": int(inputs.group(1)) if inputs else 0, "seconds": int(took.group(1)) if took else 0}
        if done.returncode != 0 or not inputs:
            at = max(0, done.stderr.find("ERROR: "))
            failures.append(f"{name}: {done.stderr[at:at + 3000] if at else done.stderr[-500:]}")
    if not fuzzers:
        failures.append("no fuzzers were built (they need clang)")
    return {"fuzzers": fuzzers}, failures


def ctest(arguments, pattern, environment=None):
    """Runs tests by name; what they printed, and what failed."""
    done = subprocess.run(["ctest", "--test-dir", arguments.build, "-R", pattern, "-V", "--no-tests=error"], capture_output=True,
                          text=True, errors="replace", env=dict(os.environ, **(environment or {})), check=False)
    failed = re.findall(r"^\s*\d+/\d+ Test +#\d+: (\S+) .*(?:\*\*\*|Failed)", done.stdout, re.M)
    if done.returncode != 0 and not failed:
        failed = [f"no tests named {pattern}"]
    return done.stdout, failed


# The tests that use tests/fault.
FAULT_TESTS = "^(test-fault|fault-.*|test-blk-raw|reliability-.*)$"


def faults(arguments):
    """The tests with injected faults of the host's disk; tests/fault writes each one down."""
    with tempfile.NamedTemporaryFile("r", prefix="tessera-faults-") as log:
        _, failed = ctest(arguments, FAULT_TESTS, {"TESSERA_FAULT_COUNT": log.name})
        counts = collections.Counter(line.strip() for line in log)
    failures = [f"test {name} failed" for name in failed]
    if not counts:
        failures.append("no fault was injected")
    return {"injected": sum(counts.values()), "kinds": dict(sorted(counts.items()))}, failures


def hostile(arguments):
    """The whole matrix of tests/hostile."""
    with tempfile.NamedTemporaryFile("r", prefix="tessera-hostile-") as out:
        command = [sys.executable, os.path.join(HERE, "..", "hostile", "run"), "--build", arguments.build, "--json", out.name]
        if arguments.seconds:
            command += ["--seconds", str(arguments.seconds)]
        subprocess.run(command, check=False)
        result = json.load(out)
    return result, [f"{guest}, {condition}: {'; '.join(why)}" for guest, condition, why in result["broken"]]


def kills(arguments):
    """The long form of `kill`: 200 kills while a guest acknowledges writes."""
    build = os.path.abspath(arguments.build)
    with tempfile.NamedTemporaryFile("r", prefix="tessera-kills-") as out:
        done = subprocess.run([sys.executable, os.path.join(HERE, "kill"), "--kills", "200", "--json", out.name,
                               os.path.join(build, "bin", "tessera"), os.path.join(build, "tests", "fault-preload.so"),
                               os.path.join(build, "tests", "guest", "acknowledge.bin")],
                              capture_output=True, text=True, check=False)
        lines = out.read().splitlines()
    result = json.loads(lines[-1]) if lines else {}
    return result, [] if done.returncode == 0 else [done.stdout[-500:] + done.stderr[-500:]]


def saves(arguments):
    """The long form of `cycles`: 200 times saved, killed and loaded in another process."""
    build = os.path.abspath(arguments.build)
    with tempfile.NamedTemporaryFile("r", prefix="tessera-cycles-") as out:
        done = subprocess.run([sys.executable, os.path.join(HERE, "cycles"), "--cycles", "200", "--json", out.name,
                               os.path.join(build, "bin", "tessera"), os.path.join(build, "tests", "guest", "acknowledge.bin")],
                              capture_output=True, text=True, check=False)
        lines = out.read().splitlines()
    result = json.loads(lines[-1]) if lines else {}
    return result, [] if done.returncode == 0 else [done.stdout[-500:] + done.stderr[-500:]]
