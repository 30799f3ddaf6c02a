"""`make mutants FILES="…" TESTS="…"`: change a file in one place at a time, and see whether a test notices.

The changes are made in a copy of the checkout, the first test that fails ends a try. What survives is printed: a test is
missing there, or the place makes no difference.
"""

import argparse
import ast
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
# A try that takes longer waits for something that will not come.
LONGEST = 600
OTHERS = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


def changes(node):
    """Return what can be changed in a node: names of changes."""
    found = []
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHERS:
        found = ["the other comparison"]
    elif isinstance(node, ast.BoolOp):
        found = ["and for or"]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        found = ["no not"]
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | str | bytes):
        found = ["another value"]
    elif isinstance(node, ast.If | ast.IfExp):
        found = ["always", "never"]
    elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        found = ["None"]
    elif isinstance(node, ast.Expr | ast.Raise | ast.Assign | ast.AugAssign):
        found = ["left out"]
    return found


def passed_over(tree):
    """Return the nodes that no test is about: docstrings, annotations, the words of messages."""
    found = set()

    def leave(*nodes):
        found.update(id(each) for node in nodes if node is not None for each in ast.walk(node))

    for node in ast.walk(tree):
        leave(getattr(node, "annotation", None), getattr(node, "returns", None))
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False):
            leave(node.body[0])
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            leave(node)
        if isinstance(node, ast.JoinedStr):
            leave(*(each for each in ast.walk(node) if isinstance(each, ast.Constant)))
        if isinstance(node, ast.keyword) and node.arg in ("cause", "next_step"):
            leave(node.value)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2][:1].isupper():
            leave(*(each for each in node.args if isinstance(each, ast.Constant | ast.JoinedStr)))
    return found


def mutants(source):
    """Return all changes of a source: the number of the node, the change, the line, what stands there."""
    tree = ast.parse(source)
    left = passed_over(tree)
    nodes = [(n, node) for n, node in enumerate(ast.walk(tree)) if id(node) not in left and hasattr(node, "lineno")]
    return [(n, change, node.lineno, ast.unparse(node)[:80]) for n, node in nodes for change in changes(node)]


def changed(source, number, change):
    """Return a source with one change."""
    tree = ast.parse(source)
    node = list(ast.walk(tree))[number]
    if change == "the other comparison":
        node.ops[0] = OTHERS[type(node.ops[0])]()
    elif change == "and for or":
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    elif change == "another value":
        other = {bool: lambda v: not v, int: lambda v: v + 1, str: lambda v: f"XX{v}", bytes: lambda v: b"XX" + v}
        node.value = other[type(node.value)](node.value)
    elif change in ("always", "never"):
        node.test = ast.Constant(change == "always")
    elif change == "None":
        node.value = ast.Constant(None)
    else:
        tree = _Replaced(node, node.operand if change == "no not" else ast.Pass()).visit(tree)
    return ast.unparse(ast.fix_missing_locations(tree))


class _Replaced(ast.NodeTransformer):
    def __init__(self, node, other):
        self._node, self._other = node, ast.copy_location(other, node)

    def visit(self, node):
        return self._other if node is self._node else self.generic_visit(node)


def survives(folder, tests):
    """Tell whether all tests pass in a copy of the checkout."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command, cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--tests", nargs="+", required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "copy"
        subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
        if not survives(folder, given.tests):
            sys.exit("The tests fail without any change.")
        tries = [(file, *found) for file in given.files for found in mutants((folder / file).read_text("utf-8"))]
        random.Random(1).shuffle(tries)
        killed = 0
        for file, number, change, line, words in tries:
            path = folder / file
            source = path.read_text("utf-8")
            path.write_text(changed(source, number, change), "utf-8")
            if survives(folder, given.tests):
                print(f"SURVIVED {file}:{line} {change}: {words}", flush=True)
            else:
                killed += 1
            path.write_text(source, "utf-8")
        print(f"{killed} of {len(tries)} were noticed")


if __name__ == "__main__":
    main()
