"""Point 2 in a real kernel: the panel's message comes in a subshell, as JupyterLab 4 sends it, and then Restart."""

import json
import os
from pathlib import Path

import pytest
from attacks.rows import row
from jupyter_client.manager import start_new_kernel
from patience import LONG, wait_for


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code):
    """Run a cell with somebody there; return its messages."""
    number, messages = client.execute(code, allow_stdin=True), []
    while True:
        message = client.get_iopub_msg(timeout=LONG)
        if message["parent_header"].get("msg_id") == number:
            messages.append(message)
            if message["content"].get("execution_state") == "idle":
                return messages


def subshell(client):
    """Make a subshell, and return its number; `None` where the kernel has none."""
    client.control_channel.send(client.session.msg("create_subshell_request", {}))
    try:
        return client.get_control_msg(timeout=10)["content"].get("subshell_id")
    except Exception:  # An older kernel says nothing at all.
        return None


@pytest.mark.parametrize("is_subshell", [
    pytest.param(True, marks=row("2", "the panel's message in a subshell of a real kernel, then Restart", "gone after 0.2 s, the profile dead")),
    pytest.param(False, marks=row("2", "the same in the main shell", "saved")),
])  # fmt: skip
def test_form_then_restart(kernel, sandbox, after, is_subshell):
    manager, client = kernel
    sandbox.accounts.punishes_reuse = True
    auth = sandbox.issue()
    run(client, "%load_ext oint_magics")
    messages = run(client, "%twitter_auth")
    comm = next(
        m["content"]["comm_id"] for m in messages if m["msg_type"] == "comm_open" and "_esm" in str(m["content"])
    )
    number = subshell(client) if is_subshell else None
    if is_subshell and number is None:
        pytest.skip("this kernel has no subshells: its messages all come in the main shell")
    sandbox.faults.add("slow", 1.5)

    def send(kind, *parts):
        data = {"method": "custom", "content": {"kind": kind}}
        message = client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        message["header"]["subshell_id"] = number
        client.session.send(client.shell_channel.socket, message, buffers=list(parts))

    send("text", json.dumps(auth).encode())
    send("submit", b"profile:typed", b"refresh")
    wait_for(lambda: not sandbox.faults.names(), "nothing was sent")
    manager.shutdown_kernel(restart=True)

    stored = json.loads((Path(os.environ["OINT_HOME"]) / "profiles" / "typed.json").read_text())
    assert sandbox.accounts.counts.refreshes == 1
    assert stored["refresh_token"] != auth["refresh_token"]
    assert sandbox.accounts.bearer(stored["access_token"])
    after("the kernel ends after the save; the profile lives")
