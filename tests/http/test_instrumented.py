"""B24: OpenTelemetry's instrumentation of urllib3, with the capture of headers on, sees no token request."""

import os
import subprocess
import sys

import pytest
from field.rows import case
from raw_server import answer

CODE = """
import sys
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
hook = lambda span, pool, info: span.set_attribute("all", repr(info))
if sys.argv[2] == "first":
    URLLib3Instrumentor().instrument(tracer_provider=provider, request_hook=hook)
from oint_magics.http import by_proxy, token_post
if sys.argv[2] == "later":
    URLLib3Instrumentor().instrument(tracer_provider=provider, request_hook=hook)
from oint_magics.oauth.token_endpoint import TokenRequest
from oint_magics.secret import Secret
request = TokenRequest(Secret("grant_type=refresh_token&refresh_token=MARKtoken"), Secret("Basic MARK"))
print(token_post.post(sys.argv[1], "host", request, 20, token_post.Unrecorded()).status)
import urllib3
urllib3.PoolManager().request("GET", sys.argv[3], headers={"Authorization": "Basic PLANTED"})
print(*(span.to_json() for span in exporter.get_finished_spans()))
"""


@pytest.mark.parametrize("when", ["first", "later"])
@pytest.mark.parametrize("way", [
    case("B24", "OpenTelemetry's urllib3 instrumentation with the capture of headers: a token request", "the Authorization header in the export", "direct"),
    case("B24", "the same by a proxy", "the Authorization header in the export", "proxy"),
])  # fmt: skip
def test_a_token_request_is_in_no_span(raw, after, way, when):
    server = raw(answer("200 OK", b"{}"))
    environment = os.environ | {"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_REQUEST": ".*"}
    if way == "proxy":
        environment["HTTP_PROXY"] = server.url
    url = "http://token.invalid/t" if way == "proxy" else f"{server.url}/t"
    words = [sys.executable, "-c", CODE, url, when, f"{server.url}/planted"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)

    assert done.stdout.startswith("200"), done.stderr
    assert b"MARKtoken" in server.requests[0]
    assert "PLANTED" in done.stdout
    assert "MARK" not in done.stdout + done.stderr
    after("no span; the planted one is there")
