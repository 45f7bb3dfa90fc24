#!/usr/bin/env python3
"""Times statistics in parts against statistics in one pass; the figures of docs/scale.md.

    tools/time_parts.py HINTON MODEL [--chunk 256MB] [--processes 2] [--parts 1000]

CPU is user and system time of all processes together. What is written goes to a folder that goes away.
"""

import argparse
import concurrent.futures
import pathlib
import resource
import subprocess
import tempfile
import time


def timed(work):
    """What it gives, seconds by the clock, and CPU seconds of the processes that it started."""
    used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    before, start = used(), time.perf_counter()
    found = work()
    return found, time.perf_counter() - start, used() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hinton", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--chunk", default="256MB")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--parts", type=int, default=1000)
    args = parser.parse_args()
    hinton, model = args.hinton.resolve(), args.model.resolve()

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def run(*words):
            done = subprocess.run([hinton, *words], cwd=folder, check=True, capture_output=True)
            return done.stdout

        def shared(words):
            """Runs commands, so many at a time."""
            with concurrent.futures.ThreadPoolExecutor(args.processes) as pool:
                list(pool.map(lambda one: run(*one), words))

        def in_tasks():
            tasks = run("plan", model, "--chunk", args.chunk).decode().splitlines()
            shared(["task", line, "--threads", "1", "-o", f"t{at}.hs"] for at, line in enumerate(tasks))
            run("summary", "merge", *sorted(path.name for path in folder.glob("t*.hs")), "-o", "all.hs")
            return len(tasks)

        def best(work):
            """Of three, that with the least CPU."""
            return min((timed(work) for _ in range(3)), key=lambda one: one[2])

        threads = ["--threads", str(args.processes)]
        run("inspect", model, "--stats")
        _, wall, cpu = best(lambda: run("inspect", model, "--stats", *threads))
        print(f"inspect --stats on {args.processes} threads: {wall:.2f} s, {cpu:.2f} s of CPU")
        count, wall_parts, cpu_parts = best(in_tasks)
        print(
            f"plan, {count} tasks on {args.processes} processes, merge: {wall_parts:.2f} s, {cpu_parts:.2f} s of CPU,"
            f" {cpu_parts / cpu:.2f} times"
        )
        run("summary", model, "-o", "whole.hs")
        whole = (folder / "whole.hs").read_bytes()
        assert (folder / "all.hs").read_bytes() == whole, "the bytes differ"

        (folder / "parts").mkdir()
        shared(
            ["summary", model, "--part", f"{at}/{args.parts}", "--threads", "1", "-o", f"parts/{at}.hs"]
            for at in range(1, args.parts + 1)
        )
        size = sum(path.stat().st_size for path in (folder / "parts").iterdir())
        _, wall, cpu = best(lambda: run("summary", "merge", "parts", "-o", "merged.hs"))
        print(f"merge of {args.parts} summaries, {size / 1e6:.0f} MB: {wall:.2f} s, {cpu:.2f} s of CPU")
        assert (folder / "merged.hs").read_bytes() == whole, "the bytes differ"
        print(f"a summary of all: {len(whole) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
