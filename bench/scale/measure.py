"""Measures how zroute grows, on two cores: docs/scale.md has what came out. `make bench-scale` sets it up."""

import argparse
import os

import catalogue
import mesh
import one_machine
import one_process
from programs import BENCH, allow_many_descriptors
from report import Report

PARTS = {
    "process": lambda report, options: one_process.measure(report, options.quick),
    "machine": lambda report, options: one_machine.measure(report, options.quick),
    "client": lambda report, options: mesh.one_client(report, options.quick),
    "mesh": lambda report, options: mesh.whole(report, options.consul, options.quick),
    "consul": lambda report, options: catalogue.measure(report, options.consul, options.quick),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all without any")
    parser.add_argument("--consul", required=True, help="the program")
    parser.add_argument("--cores", default="0,1", help="where all of it runs; 0,1")
    parser.add_argument("--quick", action="store_true", help="small numbers, one round: only to see that it runs")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    most = allow_many_descriptors()
    os.sched_setaffinity(0, {int(core) for core in options.cores.split(",")})
    load = os.getloadavg()[0]
    print(f"cores {options.cores} of {os.cpu_count()}, load {load:.1f} at the start, at most {most} descriptors a process\n")
    report = Report(1 if options.quick else 3)
    shown = 0
    for part in options.parts or PARTS:
        try:
            PARTS[part](report, options)
        finally:
            # What has been measured is worth something even if the rest fails.
            shown = report.print_new(shown)
            report.write(BENCH / "scale.json")


if __name__ == "__main__":
    main()
