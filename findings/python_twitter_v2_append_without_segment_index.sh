#!/usr/bin/env bash
# python-twitter-v2 0.9.3: upload_media_chunked_append_v2(media_id, segment_index, media) sends a multipart body without
# segment_index. It gives requests both json= and files=; requests 2.34.2 then sends the files and drops the JSON without
# a word. X wants segment_index in each append, so a medium of two parts cannot be put together.
# Seen: the only part of the body is "media", for each index.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check python-twitter-v2==0.9.3 requests==2.34.2
"$work/venv/bin/python" - <<'PY'
import email
import http.server
import threading

import pytwitter

bodies = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = email.message_from_bytes(head + body).get_payload()
        bodies.append([part.get_param("name", header="content-disposition") for part in parts])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = pytwitter.Api(bearer_token="unused")
api.BASE_URL_V2 = f"http://127.0.0.1:{server.server_port}/2"
for index in (0, 1):
    api.upload_media_chunked_append_v2(media_id="1", segment_index=index, media=b"part")
print("parts of each body:", bodies)
assert bodies == [["media"], ["media"]], "the behaviour has changed"
PY
