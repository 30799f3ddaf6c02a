"""The form in a real JupyterLab, in a real browser."""

import json
import re

import lab
import pytest
from patience import LONG_MS
from playwright.sync_api import expect


@pytest.fixture
def form(jupyter, page, request):
    """A notebook with the sandbox and the form, the page at it; the pair that is to be typed."""
    name = re.sub(r"\W", "_", request.node.name)
    folder = jupyter.folder / name
    folder.mkdir()
    more = [mark.args[0] for mark in request.node.iter_markers("last_cell")]
    cells = ["%load_ext oint_magics\n%twitter_sandbox start", "%twitter_auth", *more]
    lab.notebook(folder / "form.ipynb", *cells)
    jupyter.open(page, f"{name}/form.ipynb")
    jupyter.run_all(page, wait=not more)
    page.locator(".oint-form").wait_for()
    page.get_by_label("Keep the pair in").fill(f"profile:{name}")
    page.auth = json.loads((folder / "sandbox-auth.json").read_text())
    page.notebook = folder / "form.ipynb"
    page.profile = jupyter.home / "oint" / "profiles" / f"{name}.json"
    return page


def submit(page):
    page.get_by_role("button", name="Refresh and keep").click()


def done(page, jupyter):
    """Wait for the table in the form's place, save, and look for the secrets in the file."""
    page.locator("table.oint-t", has_text="access_token").wait_for()
    expect(page.locator(".oint-form")).to_have_count(0)
    jupyter.save(page, page.notebook)
    text = page.notebook.read_text()
    for key in ("client_secret", "refresh_token", "access_token"):
        assert page.auth[key] not in text
    kept = json.loads(page.profile.read_text())
    assert kept["refresh_token"] != page.auth["refresh_token"]
    assert kept["refresh_token"] not in text
    table, hint = json.loads(text)["cells"][1]["outputs"]
    assert sorted(table["data"]) == ["text/html", "text/markdown", "text/plain"]
    assert not any("".join(value) for value in hint["data"].values())


@pytest.mark.parametrize("jupyter", ["jupyterlab", "notebook"], indirect=True)
def test_paste(form, jupyter):
    """Pasted JSON becomes a table; the text went to the kernel as one binary message, and nowhere else."""
    form.get_by_label("Paste the auth JSON").fill(json.dumps(form.auth))

    submit(form)

    done(form, jupyter)
    texts = [frame for frame in form.frames_seen if isinstance(frame, str)]
    assert not any(form.auth["client_secret"] in frame for frame in texts)


def test_upload(form, jupyter, tmp_path):
    """A file as 1C writes it, with a byte order mark."""
    path = tmp_path / "auth.json"
    path.write_text(json.dumps(form.auth), encoding="utf-8-sig")
    form.get_by_label("or upload it").set_input_files(path)

    submit(form)

    done(form, jupyter)


@pytest.mark.parametrize("jupyter", ["jupyterlab", "notebook"], indirect=True)
def test_the_form_says_what_is_wrong_and_keeps_the_rest(form, jupyter):
    """Each fault names the field, takes the focus there, and repeats no value; what was right need not be typed again."""
    status = form.get_by_role("status")
    submit(form)
    expect(status).to_contain_text("Nothing is filled in")

    form.get_by_text("or fill in the fields", exact=True).click()
    form.get_by_label("Client secret").fill(form.auth["client_secret"])
    form.get_by_label("Refresh token").fill("a-token-with-é-and-MARK")
    submit(form)
    expect(status).to_contain_text("refresh_token holds a character that no token has")
    expect(form.get_by_label("Refresh token")).to_be_focused()
    expect(form.get_by_label("Refresh token")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Client secret")).to_have_value("")
    assert "MARK" not in form.content()

    form.get_by_label("Refresh token").fill(form.auth["refresh_token"])
    submit(form)
    expect(status).to_contain_text("client_id is missing")
    expect(form.get_by_label("Client ID")).to_be_focused()

    form.get_by_label("Client ID").fill(form.auth["client_id"])
    submit(form)
    done(form, jupyter)


def test_a_second_structure_replaces_the_first(form, jupyter, tmp_path):
    """Nothing of one account may travel with another's secret; a text that cannot be read is not kept."""
    form.get_by_label("Paste the auth JSON").fill('{"client_id": "sandbox-other", "client_secret": "other", "cut')
    submit(form)
    expect(form.get_by_role("status")).to_contain_text("no closing quote")
    path = tmp_path / "auth.json"
    path.write_text(json.dumps(form.auth))
    form.get_by_label("or upload it").set_input_files(path)

    submit(form)

    done(form, jupyter)


def test_a_taken_place_is_said_at_its_field(form, jupyter):
    form.profile.parent.mkdir(parents=True, exist_ok=True)
    form.profile.write_text(json.dumps({"client_id": "other", "refresh_token": "other"}))
    form.get_by_label("Paste the auth JSON").fill(json.dumps(form.auth))

    submit(form)

    expect(form.get_by_role("status")).to_contain_text("holds different tokens")
    expect(form.get_by_label("Keep the pair in")).to_be_focused()
    form.profile.unlink()
    submit(form)
    done(form, jupyter)


def test_a_refusal_is_shown_in_the_form_and_the_next_press_works(form, jupyter):
    """Busy while it works; X's words when it is refused."""
    form.get_by_label("Paste the auth JSON").fill(json.dumps(form.auth | {"client_secret": "wrong"}))
    submit(form)
    expect(form.get_by_role("status")).to_contain_text("Missing valid authorization header")
    assert not form.profile.exists()

    form.get_by_text("or fill in the fields", exact=True).click()
    form.get_by_label("Client secret").fill(form.auth["client_secret"])
    submit(form)
    done(form, jupyter)


@pytest.mark.last_cell("import time; time.sleep(300)")
def test_the_form_works_while_another_cell_runs(form):
    """The kernel is not blocked by the form, nor the form by the kernel."""
    form.get_by_label("Paste the auth JSON").fill(json.dumps(form.auth))

    submit(form)

    form.locator("table.oint-t", has_text="access_token").wait_for()
    assert "[*]" in form.locator(".jp-CodeCell .jp-InputPrompt").last.inner_text()


def test_typing_does_not_reach_jupyterlabs_shortcuts(form):
    """In command mode, `x` would cut the cell and `d d` delete it, also with the focus on a button."""
    form.get_by_role("button", name="Refresh and keep").focus()
    for key in "xddb":
        form.keyboard.press(key)
    form.get_by_label("Keep the pair in").press("x")

    expect(form.locator(".jp-CodeCell")).to_have_count(2)
    expect(form.locator(".oint-form")).to_have_count(1)


def found(page):
    """Return what the form says of the structure before it is sent."""
    name = page.get_by_role("button", name="Refresh and keep").get_attribute("aria-describedby")
    return page.locator(f"#{name}")


def test_the_form_says_which_client_it_found_and_what_is_missing(form, tmp_path):
    """In the browser alone: nothing is sent for it."""
    json_field = form.get_by_label("Paste the auth JSON")
    expect(found(form)).to_have_text("")
    json_field.fill("{'client_id': 'an-id', 'client_secret': 'MARK'}")
    expect(found(form)).to_have_text("Confidential client: a client secret is there. Missing: refresh token.")
    json_field.fill('{"client_id": "an-id", "client_secret": "", "refresh_token": "MARK"}')
    expect(found(form)).to_have_text("Public client: no client secret.")
    json_field.fill("")
    expect(found(form)).to_have_text("")

    form.get_by_text("or fill in the fields", exact=True).click()
    form.get_by_label("Client secret").fill("MARK")
    expect(found(form)).to_contain_text("Missing: client ID, refresh token.")
    path = tmp_path / "auth.json"
    path.write_text(json.dumps(form.auth))
    form.get_by_label("or upload it").set_input_files(path)
    expect(found(form)).to_have_text("Confidential client: a client secret is there.")
    assert not any("MARK" in str(frame) for frame in form.frames_seen)


def test_what_was_received_counts_in_the_next_try(form):
    form.get_by_label("Paste the auth JSON").fill(json.dumps(form.auth | {"refresh_token": None}))
    submit(form)
    expect(form.get_by_role("status")).to_contain_text("refresh_token is missing")

    form.get_by_label("Client ID").fill("x")
    expect(found(form)).to_have_text("Confidential client: a client secret is there. Missing: refresh token.")
    form.get_by_label("Client ID").fill("")
    form.get_by_label("Refresh token").fill(form.auth["refresh_token"])
    submit(form)

    form.locator("table.oint-t", has_text="access_token").wait_for()


def test_with_the_keyboard_alone(form, jupyter):
    """Tab goes through the form from top to bottom, and its button can be pressed."""
    form.get_by_label("Paste the auth JSON").focus()
    form.keyboard.insert_text(json.dumps(form.auth))
    order = []
    for _ in range(5):
        form.keyboard.press("Tab")
        order.append(
            form.evaluate("document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent")
        )
        if order[-1] == "Refresh and keep":
            break
    form.keyboard.press("Enter")

    assert order == ["or upload it", "or fill in the fields", "Keep the pair in", "Refresh and keep"]
    done(form, jupyter)


def test_axe_finds_nothing(form):
    """Empty, with its fields open, and with an error in it."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    assert axe.run(form, context=".oint-form").violations_count == 0
    form.get_by_text("or fill in the fields", exact=True).click()
    assert axe.run(form, context=".oint-form").violations_count == 0
    form.get_by_label("Refresh token").fill("é")
    form.get_by_label("Client ID").fill("an-id")
    submit(form)
    expect(form.get_by_role("status")).to_contain_text("no token has")
    report = axe.run(form, context=".oint-form")
    assert report.violations_count == 0, report.generate_report()


def test_twice_as_large_nothing_is_cut(form):
    """At 200 % the form needs no scrolling to the side."""
    form.set_viewport_size({"width": 640, "height": 800})
    form.evaluate("document.documentElement.style.fontSize = '200%'")
    form.locator(".oint-form").evaluate("(e) => { e.style.fontSize = '200%'; }")
    form.get_by_text("or fill in the fields", exact=True).click()

    assert form.locator(".oint-form").evaluate("(e) => e.scrollWidth <= e.clientWidth")


def test_reopened_it_says_that_it_is_not_connected(chromium, tmp_path):
    """Saved with its state and opened with another kernel: no field is drawn into which somebody might type."""
    (tmp_path / "nb").mkdir()
    path = lab.notebook(tmp_path / "nb" / "form.ipynb", "%load_ext oint_magics", "%twitter_auth")
    server = lab.Lab(tmp_path / "lab", tmp_path / "nb", saves_widgets=True)
    page = chromium.new_page()
    try:
        server.open(page, "form.ipynb")
        server.run_all(page)
        page.locator(".oint-form").wait_for()
        page.locator(".jp-CodeCell").first.click()
        server.save(page, path)
        assert "widgets" in json.loads(path.read_text())["metadata"]
        page.goto("about:blank")
        path.rename(path.with_name("copy.ipynb"))

        server.open(page, "copy.ipynb")
        page.get_by_text("Not connected to a kernel. Run this cell again.").wait_for(timeout=LONG_MS)
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


def test_every_field_has_a_label_and_is_kept_out_of_the_browsers_memory(form):
    form.get_by_text("or fill in the fields", exact=True).click()
    for field in form.locator(".oint-form input, .oint-form textarea").all():
        name = field.get_attribute("id")
        assert form.locator(f"label[for='{name}']").count() == 1
        if field.get_attribute("type") != "file":
            assert field.get_attribute("autocomplete") == "off"
            assert field.get_attribute("spellcheck") == "false"


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
