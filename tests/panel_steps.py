"""What a person does with the panel: paste, drop, choose, type, and press its button."""

from patience import LONG_MS
from playwright.sync_api import expect

BOX = "Paste or drop your auth data"
_DROP = """([selector, name, text]) => {
  const data = new DataTransfer();
  if (name) data.items.add(new File([text], name));
  else data.setData("text/plain", text);
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector(selector).dispatchEvent(
      new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def paste(page, text, into=BOX):
    """Paste with the keyboard, from the browser's own clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    page.get_by_label(into).focus()
    page.keyboard.press("Control+v")


def drop(page, text, name=None):
    """Drop a text, or a file of that name."""
    page.evaluate(_DROP, [".oint-form", name, text])


def choose(page, path):
    """Choose a file."""
    page.get_by_label("Choose a file").set_input_files(path)


def type_values(page, **values):
    """Type values into their fields."""
    labels = {"client_id": "Client id", "client_secret": "Client secret", "refresh_token": "Refresh token",
              "redirect_uri": "Callback"}  # fmt: skip
    if page.get_by_role("button", name="Type the values", exact=True).count():
        press(page, "Type the values")
    for key, value in values.items():
        field = page.get_by_label(labels[key], exact=True)
        if not field.count():
            page.get_by_role("button", name=f": {labels[key]}").click()
        field.fill(value)


def keep_in(page, place):
    """Say where the tokens go."""
    page.get_by_label("Keep the tokens in").select_option("another…")
    page.get_by_label("Name of the place").fill(place)


def press(page, name="Refresh and keep"):
    """Press the button."""
    page.get_by_role("button", name=name, exact=True).click()


def approve(page):
    """Open the login's link, and approve there."""
    link = page.locator("a.oint-link[href]")
    link.wait_for()
    with page.context.expect_page() as opened:
        link.click()
    opened.value.get_by_role("button", name="Authorize app").click()


def item(page, label):
    """Return a line of the checklist."""
    return page.locator(".oint-form li", has_text=label)


def says(page, *texts):
    """Wait until the panel says something."""
    for text in texts:
        expect(page.get_by_role("status")).to_contain_text(text, timeout=LONG_MS)
