"""The panel in a real JupyterLab, in a real browser."""

import contextlib
import json
import re
from urllib.parse import parse_qs

import lab
import pytest
from panel_steps import approve, choose, drop, item, keep_in, paste, press, says, type_values
from patience import LONG_MS, wait_for
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

BOTH = pytest.mark.parametrize("jupyter", ["jupyterlab", "notebook"], indirect=True)
REFRESH, LOGIN = "Refresh and keep", "Log in at X"


@pytest.fixture
def panel(jupyter, page, request):
    """A notebook with the sandbox and the panel, the page at it; the auth data that is to be given."""
    name = re.sub(r"\W", "_", request.node.name)
    folder = jupyter.folder / name
    folder.mkdir()
    more = [mark.args[0] for mark in request.node.iter_markers("last_cell")]
    cells = ["%load_ext oint_magics\n%twitter_sandbox start", "%twitter_auth", *(more or ["below = 1\nbelow"])]
    lab.notebook(folder / "a.ipynb", *cells)
    jupyter.open(page, f"{name}/a.ipynb")
    for number in (0, 1):
        jupyter.run_cell(page, number)
    page.locator(".oint-form").wait_for()
    page.auth = json.loads((folder / "sandbox-auth.json").read_text())
    page.app = {key: page.auth[key] for key in ("client_id", "client_secret", "redirect_uri", "sandbox")}
    page.notebook = folder / "a.ipynb"
    page.place = f"profile:{name}"
    page.profile = jupyter.home / "oint" / "profiles" / f"{name}.json"
    page.callback = page.auth["redirect_uri"]
    keep_in(page, page.place)
    return page


def done(page, jupyter, words="access_token"):
    """Wait for the table in the panel's place, save, and look for the secrets in the file and in texts that were sent."""
    page.locator("table.oint-t", has_text=words).wait_for()
    expect(page.locator(".oint-form")).to_have_count(0)
    jupyter.save(page, page.notebook)
    kept = json.loads(page.profile.read_text())
    assert kept["refresh_token"] != page.auth["refresh_token"]
    text = page.notebook.read_text()
    texts = [frame for frame in page.frames_seen if isinstance(frame, str)]
    for value in (
        page.auth["client_secret"],
        page.auth["refresh_token"],
        page.auth["access_token"],
        kept["refresh_token"],
    ):
        assert value not in text
        assert not any(value in frame for frame in texts)
    outputs = json.loads(text)["cells"][1]["outputs"]
    assert sorted(outputs[0]["data"]) == ["text/html", "text/markdown", "text/plain"]
    assert not any("".join(value) for each in outputs[1:] for value in each["data"].values())


def as_dotenv(auth):
    names = {
        "client_id": "X_CLIENT_ID",
        "client_secret": "X_CLIENT_SECRET",
        "refresh_token": "X_REFRESH_TOKEN",
        "sandbox": "X_SANDBOX",
    }
    return "".join(f"{name}={auth[key]}\n" for key, name in names.items())


@BOTH
def test_paste(panel, jupyter):
    """What is pasted never is in the page, also when the paste is undone; one binary message takes it to the kernel."""
    paste(panel, json.dumps(panel.auth))

    for label in ("Client id", "Client secret", "Refresh token"):
        expect(item(panel, label)).to_contain_text("✓")
    assert panel.auth["refresh_token"] not in panel.content()
    panel.keyboard.press("Control+z")
    assert panel.auth["refresh_token"] not in panel.content()
    press(panel)
    done(panel, jupyter)


GIVEN = {
    "OPI's text": lambda page, auth, folder: paste(page, str(auth)),
    "variables": lambda page, auth, folder: paste(page, as_dotenv(auth)),
    "a dropped text": lambda page, auth, folder: drop(page, json.dumps(auth)),
    "a dropped file": lambda page, auth, folder: drop(page, as_dotenv(auth), ".env"),
    "a chosen file": lambda page, auth, folder: choose(page, written(folder / "auth.json", auth)),
    "typed": lambda page, auth, folder: type_values(
        page, **{key: auth[key] for key in ("client_id", "client_secret", "refresh_token")}
    ),
}


def written(path, auth):
    """A file as 1C writes it, with a byte order mark."""
    path.write_text(json.dumps(auth), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("way", GIVEN)
def test_every_way_to_give_it(panel, jupyter, tmp_path, way):
    auth = panel.auth
    if way == "typed":  # Nobody types the sandbox's address: its mark is in the client id.
        jupyter.run_cell(panel, 2)
    GIVEN[way](panel, auth, tmp_path)
    press(panel)
    done(panel, jupyter)


@BOTH
def test_a_new_app_logs_in_through_the_panel_alone(panel, jupyter):
    paste(panel, json.dumps(panel.app))
    expect(item(panel, "Refresh token")).to_contain_text("X gives it at the login")
    expect(item(panel, "Callback")).to_contain_text(panel.callback)
    press(panel, LOGIN)
    approve(panel)

    done(panel, jupyter, "after this login")


def test_back_from_the_login_nothing_is_lost(panel, jupyter):
    paste(panel, json.dumps(panel.app))
    press(panel, LOGIN)
    expect(panel.locator("a.oint-link")).to_be_focused()
    press(panel, "Back")  # And not "change: Callback".
    expect(item(panel, "Client secret")).to_contain_text("✓")
    type_values(panel, refresh_token=panel.auth["refresh_token"])
    panel.keyboard.press("Tab")
    press(panel)
    done(panel, jupyter)


ANSWERED_MEANWHILE = """
from ipywidgets.widgets.widget import _instances
panel = next(each for each in _instances.values() if hasattr(each, "login"))
begin = panel._begin
def begin_and_answer(plan):
    begin(plan)
    panel._show_view("given")
panel._begin = begin_and_answer
"""


@pytest.mark.last_cell(ANSWERED_MEANWHILE)
def test_an_answer_that_comes_with_the_login_leaves_it_to_be_shown(panel, jupyter):
    """Another tab gave something at the moment at which the login began."""
    jupyter.run_cell(panel, 2)
    paste(panel, json.dumps(panel.app))
    press(panel, LOGIN)
    approve(panel)

    done(panel, jupyter, "after this login")


def test_a_login_that_is_denied_leads_back_with_all_that_was_given(panel):
    paste(panel, json.dumps(panel.app))
    press(panel, LOGIN)
    link = panel.locator("a.oint-link[href]")
    link.wait_for()
    with panel.context.expect_page() as opened:
        link.click()
    opened.value.get_by_role("button", name="Cancel").click()

    says(panel, "The login was denied")
    expect(item(panel, "Client secret")).to_contain_text("✓")
    expect(panel.get_by_role("button", name=LOGIN)).to_be_enabled()


def test_a_typo_is_shown_and_the_next_paste_replaces_it(panel, jupyter):
    paste(panel, json.dumps(panel.auth)[:60])
    says(panel, "line 1, column 61")
    paste(panel, json.dumps(panel.auth))
    expect(panel.get_by_role("status")).to_be_empty()
    press(panel)
    done(panel, jupyter)


@BOTH
def test_a_refusal_keeps_what_was_given_and_points_at_the_line(panel, jupyter):
    paste(panel, json.dumps(panel.auth | {"client_secret": "wrong-secret-0123456789"}))
    press(panel)
    says(panel, "Missing valid authorization header", "Next:")
    expect(item(panel, "Client secret")).to_contain_text("refused")
    expect(panel.locator(".oint-form")).not_to_contain_text("nothing is sent yet")
    field = panel.get_by_label("Client secret", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(item(panel, "Refresh token")).to_contain_text("✓")
    assert not panel.profile.exists()

    field.fill(panel.auth["client_secret"])
    field.press("Enter")
    done(panel, jupyter)


def test_a_wrong_value_is_not_repeated(panel):
    paste(panel, json.dumps(panel.auth))
    item(panel, "Refresh token").wait_for()
    type_values(panel, refresh_token="a-token-with-é-and-MARK")
    press(panel)
    says(panel, "refresh_token holds a character that no token has")
    expect(panel.get_by_label("Refresh token", exact=True)).to_have_value("")
    assert "MARK" not in panel.content()


def test_nothing_given_and_a_button_that_has_changed(panel, jupyter):
    press(panel)
    says(panel, "Nothing is given yet")
    type_values(panel, client_id=panel.auth["client_id"])
    press(panel)
    says(panel, "The button has changed")
    expect(panel.get_by_role("button", name=LOGIN)).to_be_visible()


def test_another_account_s_tokens_are_replaced_only_when_that_is_asked_for(panel, jupyter):
    panel.profile.parent.mkdir(parents=True, exist_ok=True)
    panel.profile.write_text(json.dumps({"client_id": "other", "refresh_token": "other"}))
    paste(panel, json.dumps(panel.auth))
    press(panel)
    says(panel, "holds different tokens")
    assert json.loads(panel.profile.read_text())["client_id"] == "other"

    press(panel, f"Replace the tokens in {panel.place}")
    done(panel, jupyter)


def test_the_stores_that_are_there_can_be_chosen(panel, jupyter):
    paste(panel, json.dumps(panel.auth))
    expect(panel.get_by_label("Keep the tokens in").locator("option").last).to_have_text("another…")
    expect(panel.get_by_label("Keep the tokens in").locator("option").first).to_contain_text("profile:default")


def test_after_the_table_shift_enter_runs_the_next_cell(panel, jupyter):
    paste(panel, json.dumps(panel.auth))
    press(panel)
    panel.locator("table.oint-t", has_text="access_token").wait_for()
    panel.keyboard.press("Shift+Enter")
    prompt = panel.locator(".jp-CodeCell .jp-InputPrompt").nth(2)
    expect(prompt).to_have_text(re.compile(r"\[3\]"))
    expect(panel.locator(".jp-CodeCell .jp-InputPrompt").nth(1)).to_have_text(re.compile(r"\[2\]"))


@pytest.mark.last_cell("import time; time.sleep(300)")
def test_it_works_while_another_cell_runs(panel, jupyter):
    """The kernel is not blocked by the panel, nor the panel by the kernel."""
    jupyter._command(panel, "notebook:run-cell", 2)
    paste(panel, json.dumps(panel.auth))
    press(panel)

    panel.locator("table.oint-t", has_text="access_token").wait_for()
    assert "[*]" in panel.locator(".jp-CodeCell .jp-InputPrompt").last.inner_text()


def test_busy_while_it_works(panel, jupyter):
    jupyter.run_cell(panel, 0)
    paste(panel, json.dumps(json.loads((panel.notebook.parent / "sandbox-auth.json").read_text())))
    page = panel
    page.evaluate("""() => {
      window.seen = [];
      new MutationObserver(() => window.seen.push(document.querySelector(".oint-form")?.getAttribute("aria-busy")))
        .observe(document.body, {subtree: true, attributes: true, childList: true});
    }""")
    press(panel)
    panel.locator("table.oint-t", has_text="access_token").wait_for()
    assert "true" in page.evaluate("window.seen")


def test_typing_does_not_reach_jupyterlabs_shortcuts(panel):
    """In command mode, `x` would cut the cell and `d d` delete it, also with the focus on a button."""
    panel.get_by_role("button", name=REFRESH).focus()
    for key in "xddb":
        panel.keyboard.press(key)
    panel.get_by_label("Name of the place").press("x")

    expect(panel.locator(".jp-CodeCell")).to_have_count(3)
    expect(panel.locator(".oint-form")).to_have_count(1)


def test_with_the_keyboard_alone(panel, jupyter):
    """Tab goes through the panel from top to bottom, and its button can be pressed."""
    paste(panel, json.dumps(panel.auth))
    item(panel, "Client id").wait_for()
    panel.get_by_role("button", name="clear", exact=True).focus()
    order = []
    for _ in range(8):
        panel.keyboard.press("Tab")
        order.append(
            panel.evaluate(
                "document.activeElement.labels?.[0]?.textContent || document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
            )
        )
        if order[-1] == REFRESH:
            break
    panel.keyboard.press("Enter")

    assert order == [
        "change: Client id",
        "change: Client secret",
        "change: Refresh token",
        "Keep the tokens in",
        "Name of the place",
        REFRESH,
    ]
    done(panel, jupyter)


@BOTH
def test_axe_finds_nothing(panel):
    """Empty, with its fields open, with a checklist, with an error, at the login."""
    from axe_playwright_python.sync_playwright import Axe

    def look():
        report = Axe().run(panel, context=".oint-form")
        assert report.violations_count == 0, report.generate_report()

    look()
    press(panel, "Type the values")
    look()
    paste(panel, json.dumps(panel.app | {"refresh_token": "é"}), "Name of the place")
    panel.get_by_label("Name of the place").fill(panel.place)
    drop(panel, json.dumps(panel.app | {"refresh_token": "é"}))
    item(panel, "Client id").wait_for()
    look()
    press(panel)
    says(panel, "no token has")
    look()
    drop(panel, json.dumps(panel.app))
    expect(item(panel, "Callback")).to_be_visible()
    press(panel, LOGIN)
    panel.locator("a.oint-link[href]").wait_for()
    look()


@BOTH
@pytest.mark.parametrize(("width", "size"), [(390, "100%"), (640, "200%")])
def test_narrow_or_twice_as_large_nothing_is_cut(panel, jupyter, width, size):
    panel.set_viewport_size({"width": width, "height": 800})
    if jupyter.app == "jupyterlab":  # As a person does on a narrow screen.
        panel.evaluate("jupyterapp.shell.collapseLeft()")
    panel.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
    panel.locator(".oint-form").evaluate("(e, size) => { e.style.fontSize = size; }", size)
    for step in (
        lambda: press(panel, "Type the values"),
        lambda: drop(panel, json.dumps(panel.auth)),
    ):
        step()
        assert panel.locator(".oint-form").evaluate("(e) => e.scrollWidth <= e.clientWidth")


def test_every_field_has_a_label_and_is_kept_out_of_the_browsers_memory(panel):
    press(panel, "Type the values")
    for field in panel.locator(".oint-form input, .oint-form textarea").all():
        name = field.get_attribute("id")
        assert panel.locator(f"label[for='{name}']").count() == 1
        if field.get_attribute("type") != "file":
            assert field.get_attribute("autocomplete") == "off"
            assert field.evaluate("(e) => e.spellcheck") is False
    assert panel.locator(".oint-form input[type=password]").count() == 2


def test_a_front_end_that_carries_no_bytes(jupyter, chromium):
    """Colab and Positron leave them out: nothing is taken, the other way is named; a login still has its link."""
    page = chromium.new_page()
    folder = jupyter.folder / "no_bytes"
    folder.mkdir()
    lab.notebook(
        folder / "a.ipynb",
        NO_BYTES + "\n%load_ext oint_magics\n%twitter_sandbox start",
        "%twitter_auth",
        "%twitter_login --auth sandbox-auth.json",
    )
    try:
        jupyter.open(page, "no_bytes/a.ipynb")
        jupyter.run_cell(page, 0)
        jupyter.run_cell(page, 1)
        page.locator(".oint-form").wait_for()
        says(page, "%twitter_auth --prompt")
        paste(page, '{"client_id": "MARK"}')
        says(page, "Nothing was taken")
        jupyter.run_cell(page, 2)
        link = page.locator("a.oint-link[href]")
        link.wait_for()
        callback = json.loads((folder / "sandbox-auth.json").read_text())["redirect_uri"]
        with page.context.expect_page() as opened:
            link.click()
        opened.value.get_by_role("button", name="Authorize app").click()
        opened.value.wait_for_url(f"{callback}**")
        page.locator("table.oint-t", has_text="after this login").wait_for()
    finally:
        page.close()


# What such a front end does to each message, done in the kernel.
NO_BYTES = """from oint_magics.notebook.panel import Panel
whole = Panel._on_message
Panel._on_message = lambda self, widget, content, buffers: whole(self, widget, content, [])"""


def test_reopened_it_says_that_it_is_not_connected(chromium, tmp_path):
    """Saved with its state and opened with another kernel: no field is drawn into which somebody might type."""
    (tmp_path / "nb").mkdir()
    app = json.dumps({"client_id": "an-app", "redirect_uri": "http://127.0.0.1:13/x"})
    (tmp_path / "nb" / "app.json").write_text(app)
    path = lab.notebook(
        tmp_path / "nb" / "form.ipynb", "%load_ext oint_magics", "%twitter_auth", "%twitter_login --auth app.json"
    )
    server = lab.Lab(tmp_path / "lab", tmp_path / "nb", saves_widgets=True)
    page = chromium.new_page()
    try:
        server.open(page, "form.ipynb")
        server.run_all(page)
        expect(page.locator(".oint-form")).to_have_count(2)
        page.locator(".jp-CodeCell").first.click()
        server.save(page, path)
        assert "widgets" in json.loads(path.read_text())["metadata"]
        assert "code_challenge" not in path.read_text()
        page.goto("about:blank")
        path.rename(path.with_name("copy.ipynb"))

        said = page.get_by_text("Not connected to a kernel. Run this cell again.")
        for _ in range(5):
            # ipywidgets reads what was saved once, after the kernel has answered it; if that fails, as on a machine that
            # is busy, it shows nothing of it until the page is loaded again.
            server.open(page, "copy.ipynb")
            with contextlib.suppress(PlaywrightTimeout):
                said.nth(1).wait_for(timeout=LONG_MS / 5)
                break
            page.goto("about:blank")
        expect(said).to_have_count(2)
        assert page.locator(".oint-form").count() == 0
    finally:
        page.close()
        server.stop()


def test_where_no_form_is_drawn_the_other_ways_are_named(jupyter, chromium):
    """The front end has no such extension: the line below stays."""
    page = chromium.new_page()
    folder = jupyter.folder / "no_form"
    folder.mkdir()
    lab.notebook(folder / "form.ipynb", "%load_ext oint_magics", "%twitter_auth")
    page.route("**/lab/extensions/anywidget/**", lambda route: route.abort())
    jupyter.open(page, "no_form/form.ipynb")
    jupyter.run_all(page)

    expect(page.locator(".jp-OutputArea").last).to_contain_text("%twitter_auth --prompt")
    assert page.locator(".oint-form").count() == 0
    page.close()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_first_notebook_ends_in_the_table(chromium, tmp_path, theme):
    """What `make demo` opens, run by a person, in both themes: text and ground differ enough to be read."""
    from pathlib import Path

    (tmp_path / "nb").mkdir()
    source = Path(__file__).parent.parent.parent / "notebooks" / "01_first_refresh.ipynb"
    (tmp_path / "nb" / source.name).write_text(source.read_text())
    server = lab.Lab(tmp_path / "lab", tmp_path / "nb", theme=theme)
    page = chromium.new_page()
    try:
        server.open(page, source.name)
        server.run_all(page)
        table = page.locator("table.oint-t").last
        expect(table).to_contain_text("refresh_token")
        for cell in table.locator("td").all():
            assert contrast(cell) >= 4.5
    finally:
        page.close()
        server.stop()


def contrast(element):
    """Return the contrast ratio of an element's text to its ground (WCAG 2, 1.4.3)."""
    colours = element.evaluate("""(e) => {
        const text = getComputedStyle(e).color;
        let ground = "rgba(0, 0, 0, 0)";
        for (let n = e; n && /, 0\\)$|transparent/.test(ground); n = n.parentElement)
          ground = getComputedStyle(n).backgroundColor;
        return [text, ground];
    }""")

    def luminance(colour):
        parts = [int(float(n)) / 255 for n in re.findall(r"[\d.]+", colour)[:3]]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(luminance, colours))
    return (high + 0.05) / (low + 0.05)


def test_nothing_that_was_typed_stays_in_the_page(panel, jupyter):
    """Two secrets at once, as a password manager gives them; and auth data into a field that shows its value."""
    press(panel, "Type the values")
    panel.get_by_label("Client id", exact=True).fill(panel.auth["client_id"])
    panel.evaluate(
        """([first, second]) => {
          const [one, two] = document.querySelectorAll(".oint-form input[type=password]");
          for (const [input, value] of [[one, first], [two, second]]) {
            input.value = value;
            input.dispatchEvent(new Event("change", {bubbles: true}));
          }
        }""",
        [panel.auth["client_secret"], panel.auth["refresh_token"]],
    )
    expect(item(panel, "Refresh token")).to_contain_text("✓")
    for field in panel.locator(".oint-form input[type=password]").all():
        expect(field).to_have_value("")
    assert panel.auth["client_secret"] not in panel.content()
    assert panel.auth["refresh_token"] not in panel.content()
    paste(panel, json.dumps(panel.auth), "Client id")
    expect(panel.locator(".oint-got")).to_contain_text("pasted text")
    assert panel.auth["client_secret"] not in panel.content()
    press(panel)
    done(panel, jupyter)


def test_a_callback_is_sent_only_where_it_was_changed(panel):
    press(panel, "Type the values")
    paste(panel, json.dumps(panel.app), "Client secret")
    expect(item(panel, "Callback")).to_contain_text(panel.callback)
    expect(panel.get_by_label("Callback", exact=True)).to_have_value(panel.callback)
    press(panel, LOGIN)

    panel.locator("a.oint-link[href]").wait_for()
    assert panel.callback in parse_qs(panel.locator("a.oint-link").get_attribute("href"))["redirect_uri"]


def test_after_clear_a_value_can_be_typed_again(panel):
    for _ in range(2):
        press(panel, "Type the values")
        field = panel.get_by_label("Client id", exact=True)
        expect(field).to_have_value("")
        field.fill(panel.auth["client_id"])
        panel.keyboard.press("Tab")
        expect(item(panel, "Client id")).to_contain_text("✓")
        press(panel, "clear")


def test_a_refused_token_leads_to_the_login(panel, jupyter):
    drop(panel, json.dumps(panel.auth | {"refresh_token": "a-token-that-nobody-has-issued"}))
    item(panel, "Refresh token").wait_for()
    press(panel)
    says(panel, "Next:")
    press(panel, "log in instead")
    press(panel, LOGIN)
    approve(panel)

    done(panel, jupyter, "after this login")


def test_an_answer_takes_no_button_away_below_a_pressed_pointer(panel):
    """Leaving a field sends it; the kernel may answer before the pointer is up again."""
    paste(panel, json.dumps(panel.auth))
    item(panel, "Refresh token").wait_for()
    type_values(panel, refresh_token="a-token-with-é")
    expect(panel.get_by_label("Refresh token", exact=True)).to_have_value("a-token-with-é")
    panel.get_by_role("button", name=REFRESH).hover()
    seen = len(panel.frames_seen)
    panel.mouse.down()
    # Asking the page lets the frames in.
    wait_for(
        lambda: panel.evaluate("true") and any('"given"' in str(frame) for frame in panel.frames_seen[seen:]),
        lambda: panel.frames_seen[seen:],
    )
    panel.mouse.up()

    says(panel, "refresh_token holds a character that no token has")
