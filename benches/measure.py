#!/usr/bin/env python3
"""Runs one command and prints what it cost as one line of JSON.

    measure.py [--memory] COMMAND [ARGUMENT...]

The kernel counts: user and system seconds of the process and of the children it waited for
(wait4), and the peak of its resident set. `--memory` watches the anonymous part too, which is what
a program holds besides the files it has mapped; watching costs time, so time and memory are two
runs. The command's output is thrown away; what it says on stderr is shown when it fails.
"""

import json
import os
import sys
import tempfile
import time


def anonymous_kib(pid):
    """The process's anonymous memory now, in KiB; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def main():
    arguments = sys.argv[1:]
    watch = arguments[:1] == ["--memory"]
    command = arguments[1:] if watch else arguments
    if not command:
        sys.exit("measure.py: no command")

    errors = tempfile.TemporaryFile()
    nothing = os.open(os.devnull, os.O_RDWR)
    start = time.perf_counter()
    # posix_spawn, not fork: a fork would be billed to the command.
    pid = os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, nothing, 0),
            (os.POSIX_SPAWN_DUP2, nothing, 1),
            (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
        ],
    )
    peak = 0
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG if watch else 0)
        if done:
            break
        peak = max(peak, anonymous_kib(pid))
        time.sleep(0.0005)
    wall = time.perf_counter() - start

    code = os.waitstatus_to_exitcode(status)
    errors.seek(0)
    print(
        json.dumps(
            {
                "code": code,
                "wall": wall,
                "cpu": usage.ru_utime + usage.ru_stime,
                "resident": usage.ru_maxrss * 1024,
                "anonymous": peak * 1024 if watch else None,
                "stderr": errors.read().decode("utf-8", "replace")[-2000:],
            }
        )
    )


if __name__ == "__main__":
    main()
