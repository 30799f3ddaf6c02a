"""The debugger's variable pane: what a front end asks a kernel for, asked here over the same channel."""

import itertools
import json

from jupyter_client import BlockingKernelClient
from patience import LONG

_START = {"clientID": "leaks", "adapterID": "", "pathFormat": "path", "linesStartAt1": True, "columnsStartAt1": True}
_MOST = 300


class _Debugger:
    def __init__(self, connection_file):
        self._client = BlockingKernelClient(connection_file=str(connection_file))
        self._client.load_connection_file()
        self._client.start_channels()
        self._numbers = itertools.count(1)
        self.answers = []

    def ask(self, command, **arguments):
        request = {"type": "request", "seq": next(self._numbers), "command": command, "arguments": arguments}
        self._client.control_channel.send(self._client.session.msg("debug_request", request))
        content = self._client.get_control_msg(timeout=LONG)["content"]
        self.answers.append(content)
        return content.get("body") or {}

    def close(self):
        self._client.stop_channels()


def look(root, run):
    """Start the debugger in the newest kernel, give it the cells, open every variable, and note all that it says."""
    newest = max((root / "home" / "run").glob("kernel-*.json"), key=lambda path: path.stat().st_mtime)
    debugger = _Debugger(newest)
    try:
        debugger.ask("initialize", **_START)
        debugger.ask("attach")
        for cell in run.cells:
            debugger.ask("dumpCell", code=cell)
        left = list(debugger.ask("inspectVariables").get("variables", ()))
        assert left, "the debugger shows no variable"
        for name in ("_", *(each["name"] for each in left if each["name"].startswith("r_"))):
            debugger.ask("richInspectVariables", variableName=name)
        for _ in range(_MOST):
            if not left:
                break
            opened = left.pop(0)
            if opened.get("variablesReference"):
                left += debugger.ask("variables", variablesReference=opened["variablesReference"]).get("variables", ())
    finally:
        debugger.close()
    said = root / "probes" / run.slug / "debugger's variables"
    said.parent.mkdir(exist_ok=True)
    said.write_text(json.dumps(debugger.answers))
