"""A process that has imported all there is, and runs a command in a child whenever it is asked.

A run of a tiny network takes half a second, and the imports before it five: a hundred runs for
each signal would be an afternoon of imports. What comes in is a line of JSON: arguments, the folder
of REELFEEL_HOME, and a file for stderr. Out go the child's process id, then its exit status.
"""

import importlib
import json
import os
import pkgutil
import signal
import sys
import traceback


def import_all():
    for room in ("cli", "data", "models", "training", "inference"):
        package = importlib.import_module(f"reelfeel.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"reelfeel.{room}."):
            importlib.import_module(module.name)


def run(arguments, home, errors):
    """Runs a command in this process as a new one would; does not return."""
    from reelfeel.cli import main

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["REELFEEL_HOME"] = home
    for place, stream in ((os.devnull, 1), (errors, 2)):
        os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT, 0o600), stream)
    sys.argv, code = ["reelfeel", *arguments], 1
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    import_all()
    print("ready", flush=True)
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            run(*json.loads(line))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
