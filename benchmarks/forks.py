"""Children of a process that has used a team's bearer and a session: how many hang, how many read a wrong reply.

`python benchmarks/forks.py [ROUNDS]`, 12 unless told, of 4 children each, by fork, while the parent goes on asking.
"""

import json
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

from measure import show

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

CHILDREN, ASKED, LONGEST = 4, 12, 60


def right(bearers, tokens, session):
    """Ask for each account's token and some posts, again and again; tell whether all is as it should be."""
    for _ in range(ASKED):
        time.sleep(0.11)  # A stamp is asked for ten times a second at most.
        for name, bearer in bearers.items():
            if bearer.auth().access_token.reveal() != tokens[name]:
                return False
        number = 5 + os.getpid() % 90
        reply = session.get(f"{session.api}/2/users/123633653595485944/tweets", params={"max_results": number}).json()
        if reply["meta"]["result_count"] != number:
            return False
    return True


def main(rounds):
    """Fork so often; return the row."""
    from cryptography.fernet import Fernet
    from postgres import Postgres

    from oint_magics import twitter
    from oint_magics.sandbox import Sandbox
    from oint_magics.tokens.current import CurrentToken
    from oint_magics.tokens.source import source_of

    fork, sandbox, postgres = multiprocessing.get_context("fork"), Sandbox(), Postgres()
    sandbox.limits.of.clear()
    hangs = wrong = mine = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ |= {"OINT_HOME": f"{folder}/home", "OINT_SHARED_STORE": postgres.address,
                       "OINT_SHARED_KEY": Fernet.generate_key().decode()}  # fmt: skip
        Path("auth.json").write_text(json.dumps(sandbox.issue()))
        for number in range(2):
            twitter.keep(sandbox.issue(), f"shared:w{number}")
        for _ in range(rounds):
            bearers = {name: CurrentToken(source_of(name)) for name in ("shared:w0", "shared:w1")}
            tokens = {name: bearer.auth().access_token.reveal() for name, bearer in bearers.items()}
            session = twitter.session("auth.json")
            right(bearers, tokens, session)

            def child(bearers=bearers, tokens=tokens, session=session):
                os._exit(0 if right(bearers, tokens, session) else 1)

            children = [fork.Process(target=child) for _ in range(CHILDREN)]
            for each in children:
                each.start()
            mine += not right(bearers, tokens, session)
            for each in children:
                each.join(LONGEST)
                hangs += each.exitcode is None
                wrong += each.exitcode not in (0, None)
                each.kill()
        os.chdir("/")
    sandbox.stop()
    postgres.stop()
    row = [rounds, rounds * CHILDREN, hangs, wrong, mine]
    show("fork after use", ("rounds", "children", "hang", "wrong or failed", "wrong in the parent"), [row])
    return [row]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
