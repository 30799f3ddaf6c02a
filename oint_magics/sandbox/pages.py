"""What the sandbox's pages share: their look, in light and dark, and that no other site may frame or keep them."""

from __future__ import annotations

from oint_magics.sandbox.answers import Reply

_STYLE = (
    ":root{color-scheme:light dark;--line:#cfd9de;--soft:#536471;--main:#0f1419;--on:#fff;--page:#f7f9f9;--card:#fff;"
    "--mark:#fff3cd;--on-mark:#5c4400}"
    "@media(prefers-color-scheme:dark){:root{--line:#3a4046;--soft:#9aa4ad;--main:#eff3f4;--on:#0f1419;--page:#0b0e11;"
    "--card:#16181c;--mark:#4a3800;--on-mark:#ffe08a}}"
    "*{box-sizing:border-box}"
    "body{font:16px/1.5 system-ui,'Segoe UI',sans-serif;margin:0;padding:1.5em 1em;background:var(--page)}"
    "main{max-width:34em;margin:0 auto;background:var(--card);border:1px solid var(--line);border-radius:16px;"
    "overflow:hidden}"
    ".mark{background:var(--mark);color:var(--on-mark);padding:.6em 1.5em;font-weight:600}"
    ".in{padding:.4em 1.5em 1.5em}h1{font-size:1.35em;line-height:1.3}h2{font-size:1em;margin:1.2em 0 .3em}"
    "ul{margin:0;padding-left:1.2em}li{margin:.15em 0}small,.soft{color:var(--soft)}"
    "select,button{font:inherit;border-radius:999px;padding:.55em 1.2em;border:1px solid var(--line);"
    "background:transparent;color:inherit}"
    "label{display:flex;gap:.8em;align-items:center;flex-wrap:wrap}"
    "button{font-weight:700;width:100%;margin-top:.7em;cursor:pointer}"
    "pre{overflow-x:auto;padding:.8em 1em;border:1px solid var(--line);border-radius:8px;font:.85em/1.5 monospace}"
    "main:has(pre){max-width:62em}dl{margin:0}dt{color:var(--soft)}dd{margin:0 0 .5em;overflow-wrap:anywhere}"
    "@media(min-width:48em){dl{display:grid;grid-template-columns:max-content 1fr;gap:.3em 1.5em}dd{margin:0}}"
    "button[value=approve]{background:var(--main);color:var(--on);border-color:var(--main)}"
    ":focus-visible{outline:3px solid #1d9bf0;outline-offset:2px}"
)


def page(status: int, title: str, content: str) -> Reply:
    """Return a page.

    Args:
        status: its status.
        title: its title.
        content: the HTML below the title; what comes from a request is escaped by then.
    """
    text = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>SANDBOX: {title}</title>'
        f'<style>{_STYLE}</style></head><body><main><div class="mark">SANDBOX: an exercise on your machine, not X</div>'
        f'<div class="in"><h1>{title}</h1>{content}</div></main></body></html>'
    )
    headers = (("Cache-Control", "no-store"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"))
    return Reply(status, text.encode(), "text/html; charset=utf-8", headers)
