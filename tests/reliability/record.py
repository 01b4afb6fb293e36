# SPDX-License-Identifier: LGPL-2.1-or-later
"""One file for each measure: what was measured, of which commit, when and on which host."""
import datetime
import json
import os
import platform
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "results")


SOURCES = ("core", "plugins", "sdk", "manifests")


def git(folder, *arguments):
    return subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=False).stdout.strip()


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        name = re.search(r"model name\s*: (.*)", file.read())
    return f"{os.cpu_count()} × {name.group(1) if name else platform.machine()}"


def where(build):
    """What is measured: the last commit that changed the program's sources, whether they were changed since; and on which host."""
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as file:
        cache = dict(re.findall(r"^(\w+):\w+=(.*)$", file.read(), re.M))
    source = cache["CMAKE_HOME_DIRECTORY"]
    changed = git(source, "status", "--porcelain", "--untracked-files=no", "--", *SOURCES)
    return {"commit": git(source, "log", "-1", "--format=%h", "--abbrev=10", "--", *SOURCES), "sources_changed": bool(changed),
            "build": cache.get("CMAKE_BUILD_TYPE", ""),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "kernel": platform.release(),
            "processor": processor(), "load": os.getloadavg()[1]}


def rounded(value):
    """With at most four digits behind the point, at any depth."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 4) if isinstance(value, float) else value


def write(folder, name, measured, result, failures):
    result = rounded(result)
    if folder == "none":
        print(json.dumps(result, indent="\t"))
        return
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as out:
        json.dump({"measure": name, **measured, "failures": failures, "result": result}, out, indent="\t", ensure_ascii=False)
        out.write("\n")


def judge(folder, name, judge_result):
    """Puts other failures beside a recorded result."""
    path = os.path.join(folder, name + ".json")
    with open(path, encoding="utf-8") as file:
        recorded = json.load(file)
    recorded["failures"] = judge_result(recorded["result"])
    with open(path, "w", encoding="utf-8") as out:
        json.dump(recorded, out, indent="\t", ensure_ascii=False)
        out.write("\n")
