"""A person with as many posts as a test counts on."""

OWN, OTHER = "2244994945", "783214"


def mine(sandbox, author=OWN):
    """Return the id of a post that an account has from the beginning."""
    return sandbox.posts.by(author, sandbox.clock.now())[0].number


def fill(sandbox, count=250, author=OWN):
    """Add posts until an account has so many; the newest answers somebody else. Return their ids, the newest first."""
    there = len(sandbox.posts.by(author, sandbox.clock.now()))
    answered = sandbox.posts.by(OTHER if author == OWN else OWN, sandbox.clock.now())[-1].number
    for n in range(there + 1, count + 1):
        reply = answered if n == count else ""
        assert sandbox.posts.add(author, f"Sandbox post {n}", media=[], poll=None, replied=reply)
    sandbox.posts.tried = 0
    return [post.number for post in sandbox.posts.by(author, sandbox.clock.now())][::-1]
