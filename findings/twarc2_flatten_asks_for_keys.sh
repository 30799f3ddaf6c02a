#!/usr/bin/env bash
# twarc 2.14.0: "twarc2 flatten IN OUT" reads one file and writes another, and needs no X account. Without keys in the
# environment or in a configuration it asks for a bearer token all the same, and ends with "Aborted!" where nobody
# answers (a script, CI, a notebook). With any word as a token, which is never sent, it does its work.
# Beside that: twarc imports pkg_resources, and does not declare setuptools; since 82 that has no pkg_resources.
# Seen: status 1 without a token, status 0 with the word "unused" and without a network; ModuleNotFoundError without
# setuptools.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work"
cd "$work"  # It writes twarc.log where it is.
unset BEARER_TOKEN CONSUMER_KEY CONSUMER_SECRET ACCESS_TOKEN ACCESS_TOKEN_SECRET
python3 -m venv --without-pip "$work/venv"
python3 -m pip --python "$work/venv/bin/python" install --quiet --disable-pip-version-check twarc==2.14.0
twarc2="$work/venv/bin/twarc2"
echo '{"data": [{"id": "1", "text": "a"}], "meta": {"result_count": 1}}' > "$work/in.jsonl"

if "$twarc2" --version 2> "$work/said" < /dev/null; then echo "the behaviour has changed: it starts without setuptools"; exit 1; fi
grep "ModuleNotFoundError: No module named 'pkg_resources'" "$work/said"

python3 -m pip --python "$work/venv/bin/python" install --quiet --disable-pip-version-check "setuptools==80.9.0"
if "$twarc2" flatten "$work/in.jsonl" "$work/out.jsonl" > "$work/said" 2>&1 < /dev/null; then
  echo "the behaviour has changed: it needs no keys"; exit 1
fi
tail -n 1 "$work/said"
BEARER_TOKEN=unused "$twarc2" flatten "$work/in.jsonl" "$work/out.jsonl" 2> /dev/null < /dev/null
test "$(wc -l < "$work/out.jsonl")" -eq 1
echo "with any word as a token: one line"
