"""Sessions in a browser: JupyterLab, Notebook 7, JupyterLab with collaboration."""

import browser
import lab
from patience import LONG_MS
from playwright.sync_api import sync_playwright

from leaks.debugger import look
from leaks.session import FLAGS, NotebookSession

_STORES = """async () => {
  const found = [JSON.stringify({...localStorage}), JSON.stringify({...sessionStorage})];
  for (const { name } of await indexedDB.databases()) {
    const opened = indexedDB.open(name);
    await new Promise((done) => { opened.onsuccess = done; });
    for (const store of opened.result.objectStoreNames) {
      const all = opened.result.transaction(store).objectStore(store).getAll();
      await new Promise((done) => { all.onsuccess = done; });
      found.push(JSON.stringify(all.result));
    }
    opened.result.close();
  }
  return found;
}"""


class PageSession(NotebookSession):
    """A server and a browser with a profile on disk; each notebook is open in two tabs.

    Args:
        name: the front end's name.
        app: the server's module.
    """

    own = NotebookSession.own | {"checkpoint", "frames", "other tab", "browser profile", "ystore"}
    visited = frozenset({"browser profile"})

    def __init__(self, name, app):
        super().__init__(name)
        self.app, self.stores = app, []
        self.frames, self.other = [], []

    def search(self, search):
        work = self.root / "work"
        found = super().search(search) | {
            "checkpoint": search.files(work / ".ipynb_checkpoints"),
            "browser profile": search.files(self.root / "browser"),
            "localStorage, IndexedDB": search.data("\n".join(self.stores).encode()),
            "frames": search.data(b"\n".join(self.frames)),
            "other tab": search.data(b"\n".join(self.other)),
        }
        store = work / ".jupyter_ystore.db"
        return found | ({"ystore": search.files(store)} if store.exists() else {})

    def go(self):
        jupyter = lab.Lab(self.root / "home", self.root / "work", env=self.environment(), app=self.app,
                          options=["--debug"], saves_widgets=True)  # fmt: skip
        try:
            with sync_playwright() as playwright:
                context = playwright.chromium.launch_persistent_context(
                    self.root / "browser", executable_path=browser.find(), args=FLAGS,
                    viewport={"width": 1100, "height": 900},
                )  # fmt: skip
                pages = [self._page(context, frames) for frames in (self.other, self.frames)]
                for run in self.runs:
                    self._go(pages, jupyter, run)
                context.close()
        finally:
            jupyter.stop()

    def _page(self, context, frames):
        page = context.new_page()
        page.set_default_timeout(LONG_MS)
        self._listen(page, frames)
        return page

    def _go(self, pages, jupyter, run):
        for page in pages:
            page.bring_to_front()
            jupyter.open(page, self.notebook(run).name)
        jupyter.run_all(page, wait=run.act is None)
        if run.act:
            run.act(page, *run.ways)
            # The last cell looks at what came of it.
            jupyter.run_last(page)
        look(self.root, run)
        page.locator(".jp-CodeCell").first.click()
        jupyter.save(page, self.notebook(run))
        self.stores += page.evaluate(_STORES)

    @staticmethod
    def _listen(page, frames):
        def socket(ws):
            ws.on("framereceived", lambda data: frames.append(data.encode() if isinstance(data, str) else data))
            # The binary message that the form sends is the secret's one way to the kernel.
            ws.on("framesent", lambda data: frames.append(data.encode()) if isinstance(data, str) else None)

        page.on("websocket", socket)
