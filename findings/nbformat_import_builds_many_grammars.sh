#!/usr/bin/env bash
# nbformat 5.10.4 beside rfc3987-syntax 1.1.0 (which jsonschema[format-nongpl] 4.26.0 brings, as Jupyter's packages ask
# for): "import nbformat" builds a parser for every rule of the IRI grammar, though no notebook is
# checked and no IRI is read. jsonschema imports rfc3987_syntax when it is imported, and that module builds them all.
# Seen: 39 parsers by lark, and most of the time of the import.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nbformat==5.10.4 'jsonschema[format-nongpl]==4.26.0' rfc3987-syntax==1.1.0
"$work/venv/bin/python" - <<'PY'
import time

import lark

made, build = [], lark.Lark.__init__


def counted(self, *words, **options):
    begun = time.perf_counter()
    build(self, *words, **options)
    made.append(time.perf_counter() - begun)


lark.Lark.__init__ = counted
begun = time.perf_counter()
import nbformat  # noqa: E402, F401

whole = time.perf_counter() - begun
print(f"{len(made)} parsers, {sum(made):.1f} s of the {whole:.1f} s that the import takes")
assert len(made) > 30, "the behaviour has changed"
PY
