"""The command `hinton`, as `hinton` or `python -m hinton`."""

from __future__ import annotations

import signal
import sys

from . import _hinton


def main() -> int:
    """Runs the command line and returns the exit code."""
    # The command handles signals itself, and a closed pipe ends it as it ends other programs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _hinton.main(["hinton", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
