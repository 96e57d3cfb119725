"""`python -m reelfeel` is the same as `reelfeel`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line; Ctrl-C while it is imported is no traceback either."""
    try:
        from reelfeel.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
