"""Draws what scripts/soak has seen.

  python3 scripts/soak.py TABLE.csv PICTURE.svg
"""
import csv
import sys

import plots

MEBI = 1 << 20


def main(table, picture):
    with open(table) as lines:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(lines)]
    if not rows:
        sys.exit(f"{table}: no whole second was seen")

    def line(name, unit=1.0):
        return [(row["seconds"], row[name] / unit) for row in rows]
    panels = [
        plots.Panel("Memory, MiB", {
            "all of the process": line("resident_bytes", MEBI), "heap": line("heap_bytes", MEBI),
            "direct buffers": line("direct_bytes", MEBI)}),
        plots.Panel("Threads and open files", {
            "threads": line("threads"), "open files": line("files")}),
        plots.Panel("Milliseconds that a patient client waits", {
            "p50": line("p50_ms"), "p99": line("p99_ms")}, logarithmic=True)]
    with open(picture, "w") as out:
        out.write(plots.draw(panels, rows[-1]["seconds"]))


main(*sys.argv[1:3])
