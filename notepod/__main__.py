"""`notepod` and `python -m notepod`: hands the command line over to the bundled program."""

import os
import subprocess
import sys
from pathlib import Path

from .node import NodeNotFound, find_node

PROGRAM = Path(__file__).parent / "service" / "main.mjs"

#: Exit code for wrong usage or an installation that cannot work, as the program itself has it.
UNUSABLE = 2


def main() -> None:
    """Run the program with this process's arguments, streams and signals; never returns."""
    if not PROGRAM.is_file():
        sys.exit(
            _unusable(f"{PROGRAM} is not there", "install the wheel, or run `npm run build` in a checkout")
        )
    try:
        node = find_node()
    except NodeNotFound as error:
        sys.exit(_unusable(str(error), error.fix))
    # Steps run in the environment that Notepod is installed in, if nothing nearer is found (src/service/python.ts).
    environment = {**os.environ, "NOTEPOD_INSTALLED_IN": sys.executable}
    command = [str(node), str(PROGRAM), *sys.argv[1:]]
    if os.name == "posix":
        os.execve(command[0], command, environment)
    sys.exit(subprocess.call(command, env=environment))


def _unusable(what: str, fix: str) -> int:
    print(f"error: {what}\n  fix: {fix}", file=sys.stderr)
    return UNUSABLE


if __name__ == "__main__":
    main()
