"""Run cells in IPython, in the Python that this file is given to; print what came of each as JSON, in the last line.

It knows nothing of the tests: an environment in which it runs has the package and what it declares, and no more.
"""

import json
import sys

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


def main():
    shell, found = InteractiveShell.instance(), []
    for cell in json.load(sys.stdin):
        with capture_output() as said:
            done = shell.run_cell(cell)
            print(done.result)
        error = done.error_before_exec or done.error_in_exec
        found.append({"cell": cell, "error": str(error) if error else None, "said": said.stdout})
    print(json.dumps(found))


main()
