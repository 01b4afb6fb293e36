# SPDX-License-Identifier: LGPL-2.1-or-later
"""What becomes of the measured values: the data of the JSON file, the table as text, and its picture."""
import math
import os
import platform
import statistics
import subprocess
import time

import measures

CLOCK = "cpu"  # what ratios compare; on a shared host wall time says little
SIDES = ("native", "tessera", "tcg")


# -- circumstances

def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=os.path.dirname(os.path.abspath(__file__)))
    return done.stdout.strip()


def processor_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def circumstances(arguments):
    """Where, when and of what the run is; taken before it, so that the load is others'."""
    return {
        "commit": output("git", "rev-parse", "--short=12", "HEAD"),
        "changed": bool(output("git", "status", "--porcelain", "--untracked-files=no")),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "processor": processor_name(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
        "qemu": output("qemu-system-i386", "--version").split("\n")[0],
        "compiler": output("gcc", "--version").split("\n")[0],
        "rounds": arguments.rounds,
        "quick": arguments.quick,
    }


# -- data

def number(value):
    return value[CLOCK] if isinstance(value, dict) else value


def summary(values):
    """Median and spread, the distance from least to most in parts of the median."""
    plain = [number(v) for v in values]
    middle = statistics.median(plain)
    return {"median": middle, "spread": (max(plain) - min(plain)) / middle if middle else 0, "rounds": values}


def ratio(over, under):
    """The quotient of two sides, round by round, because a round's runs are next to each other in time: median, least, most."""
    quotients = [number(a) / number(b) for a, b in zip(over, under) if number(b)]
    if not quotients:
        return None
    return {"median": statistics.median(quotients), "least": min(quotients), "most": max(quotients)}


def row(measure, sides):
    made = {"name": measure.name, "group": measure.group, "text": measure.text, "unit": measure.unit or "s"}
    made.update({side: summary(values) for side, values in sides.items()})
    if "tessera" in sides and "native" in sides:
        made["times-native"] = ratio(sides["tessera"], sides["native"])
    if "tcg" in sides and "native" in sides:
        made["tcg-times-native"] = ratio(sides["tcg"], sides["native"])
    if "tessera" in sides and "tcg" in sides:
        made["faster-than-tcg"] = ratio(sides["tcg"], sides["tessera"])
    return made


def geomeans(rows):
    """group -> kind of ratio -> geometric mean over its rows."""
    means = {}
    for group in measures.GROUPS:
        if group == "engine":  # its rows have different units
            continue
        for kind in ("times-native", "tcg-times-native", "faster-than-tcg"):
            values = [r[kind]["median"] for r in rows if r["group"] == group and r.get(kind)]
            if len(values) > 1:
                means.setdefault(group, {})[kind] = math.exp(statistics.fmean(map(math.log, values)))
    return means


def data(run, results):
    rows = [row(m, results[m.name]) for m in measures.MEASURES if m.name in results]
    return {"run": run, "clock": CLOCK, "rows": rows, "geomeans": geomeans(rows)}


# -- the table

HEADS = ["", "native", "Tessera", "TCG", "Tessera × native", "TCG × native", "TCG ÷ Tessera"]


def figure(value):
    return "" if value is None else f"{value:.0f}" if value >= 1000 else f"{value:.3g}" if value < 10 else f"{value:.1f}"


def cell(entry):
    return f"{figure(entry['median'])} ±{50 * entry['spread']:.0f}%" if entry else ""


def quotient(entry):
    if not entry:
        return ""
    least, middle, most = (f"{entry[k]:.2f}" if entry[k] < 100 else f"{entry[k]:.0f}" for k in ("least", "median", "most"))
    return middle if least == most else f"{middle} ({least}–{most})"


def lines(table, group):
    """The cells of a group's rows, and of its geometric mean."""
    kinds = ("times-native", "tcg-times-native", "faster-than-tcg")
    for r in table["rows"]:
        if r["group"] == group:
            yield [r["text"] + (f", {r['unit']}" if r["unit"] != "s" else "")] + [cell(r.get(s)) for s in SIDES] + [quotient(r.get(k)) for k in kinds]
    means = table["geomeans"].get(group)
    if means:
        yield ["geometric mean", "", "", ""] + [figure(means.get(k)) for k in kinds]


def groups(table):
    present = {r["group"] for r in table["rows"]}
    return [g for g in measures.GROUPS if g in present]


def text(table):
    out = []
    for group in groups(table):
        title, target = measures.GROUPS[group]
        out += ["", f"{title}{f' (target: {target})' if target else ''}",
                f"{'':34}" + "".join(f"{head:>22}" for head in HEADS[1:])]
        out += [f"{cells[0]:34}" + "".join(f"{c:>22}" for c in cells[1:]) for cells in lines(table, group)]
    return "\n".join(out)


# -- the page

NOTE = """# Performance

This page is made by `tests/bench/run --page` and never edited. What the rows and columns are: [tests/bench](../tests/bench/README.md).

Times are processor time of the whole process in seconds, for the same guest, kernel and programs: median of the rounds, and half of the
distance from least to most. A ratio is that of neighbouring runs: median (least–most) of the rounds. *Tessera × native* is how many times
native code's time a program takes on Tessera; *TCG ÷ Tessera* is how many times as fast as TCG Tessera is.
"""


def of_run(run):
    """The circumstances as rows of a table."""
    counts = f"{run['rounds']} rounds" + (", a fifth of the work (`--quick`)" if run["quick"] else "")
    return [("commit", run["commit"] + (", with changes" if run["changed"] else "")), ("date", run["date"]),
            ("host", f"{run['processor']}, {run['processors']} processors, Linux {run['kernel']}"),
            ("load before the run", f"{run['load']:.1f}" + (" (the host was shared: compare ratios, not times)" if run["load"] > 0.5 else "")),
            ("compared with", f"{run['qemu']}, `-accel tcg`"), ("compiler", run["compiler"]), ("work", counts)]


def page(table):
    out = [NOTE, "| | |", "|---|---|"]
    out += [f"| {name} | {value} |" for name, value in of_run(table["run"])]
    out += ["", "![Processor time of each row](images/performance.svg)"]
    for group in groups(table):
        title, target = measures.GROUPS[group]
        out += ["", f"## {title}", f"Target: {target}.", "", "| " + " | ".join(HEADS) + " |", "|---|" + "---:|" * (len(HEADS) - 1)]
        out += ["| " + " | ".join(cells) + " |" for cells in lines(table, group)]
    return "\n".join(out + [""])


# -- the picture: how many times the processor time of native code or of Tessera

WIDTH, LABEL, BAR, ROW = 760, 250, 400, 22
COLOURS = {"tessera": "#2a6fb0", "tcg": "#b9b9b9"}


def bars(table):
    """Label, Tessera's value and TCG's, in units of native code or, without it, of Tessera."""
    for r in table["rows"]:
        if r.get("times-native") and r.get("tcg-times-native"):
            yield f"{r['text']} (native = 1)", r["times-native"]["median"], r["tcg-times-native"]["median"]
        elif r.get("faster-than-tcg") and r["group"] != "engine":  # these are not times
            yield f"{r['text']} (Tessera = 1)", 1, r["faster-than-tcg"]["median"]


def bar(y, value, most, colour):
    """A bar on a logarithmic scale from 0.5 to `most`."""
    width = max(1, BAR * math.log(value / 0.5) / math.log(most / 0.5)) if value > 0.5 else 1
    return (f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="8" fill="{colour}"/>'
            f'<text x="{LABEL + width + 5:.1f}" y="{y + 8}" font-size="9">{figure(value)}</text>')


def svg(table):
    shown = list(bars(table))
    most = max([4.0] + [max(a, b) for _, a, b in shown])
    height = 50 + ROW * len(shown)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="11">',
           f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
           f'<text x="10" y="18">Processor time, logarithmic; shorter is faster. Commit {table["run"]["commit"]}, {table["run"]["date"]}</text>']
    for i, side in enumerate(("tessera", "tcg")):
        out.append(f'<rect x="{LABEL + 110 * i}" y="27" width="10" height="10" fill="{COLOURS[side]}"/>'
                   f'<text x="{LABEL + 14 + 110 * i}" y="36">{("Tessera", "QEMU TCG")[i]}</text>')
    for i, (label, ours, theirs) in enumerate(shown):
        y = 46 + ROW * i
        out += [f'<text x="{LABEL - 6}" y="{y + 12}" text-anchor="end">{label}</text>',
                bar(y, ours, most, COLOURS["tessera"]), bar(y + 9, theirs, most, COLOURS["tcg"])]
    return "\n".join(out + ["</svg>", ""])
