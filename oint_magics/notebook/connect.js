// The panel: one box to paste or drop into, a checklist, one button, and the login.

const MARKS = { ok: ["✓", "there"], missing: ["✗", "missing"], none: ["○", "not there"], wrong: ["✗", "wrong"] };
const NAMES = { client_id: "Client id", client_secret: "Client secret", refresh_token: "Refresh token", redirect_uri: "Callback" };
const BUTTONS = { refresh: "Refresh and keep", login: "Log in at X" };
const HINTS = {
  "": "",
  refresh: "Other copies of this refresh token stop working.",
  login: "There is no refresh token yet: X asks for your approval.",
};
const NO_BYTES = "This front end does not carry what is given here to the kernel. Nothing was taken. Next: %twitter_auth --prompt";
const LARGEST = 1024 * 1024;
const OTHER = "another…";

class ConnectView {
  constructor(connection, first) {
    // What the kernel has of each field is remembered here, and never in the page.
    Object.assign(this, { connection, open: new Set(), inputs: {}, sent: {}, asked: 0, at: null, isBusy: false, isPressed: false, late: [], link: null });
    const sub = make("small");
    const title = make("span", { id: `oint-title-${++serial}`, textContent: "Connect an X app" });
    const body = make("div", { className: "oint-body" });
    const status = make("div", { className: "oint-status", role: "status", ariaLive: "polite" });
    status.setAttribute("aria-live", "polite");
    this.form = make("div", { className: "oint-form", role: "group" }, make("div", { className: "oint-head" }, title, sub), body, status);
    this.form.setAttribute("aria-labelledby", title.id);
    Object.assign(this, { title, sub, body, status });
    connection.el.replaceChildren(this.form);
    this.build(first);
    this.form.addEventListener("paste", (event) => this.paste(event));
    for (const kind of ["dragenter", "dragover", "drop"]) this.form.addEventListener(kind, (event) => this.drop(event));
    this.form.addEventListener("pointerdown", ({ target }) => target.closest("button, a, label") && this.hold());
    this.form.addEventListener("dragleave", () => this.form.classList.remove("oint-over"));
    this.hear({ ...first, kind: "view" });
  }

  // The parts that stay: the box, the fields, the list of places, the button.
  build({ fields, callback }) {
    this.zone = this.makeZone();
    this.callback = callback;
    for (const key of fields) this.makeField(key);
    this.showCallback(callback);
    this.keep = make("select", { id: `oint-keep-${++serial}` });
    this.other = field("Name of the place", { type: "text", hint: "profile:NAME, keyring:NAME, shared:NAME, or a file's path" });
    this.keep.addEventListener("change", () => this.showPlace());
    this.keepRow = make("div", { className: "oint-field" }, make("label", { htmlFor: this.keep.id, textContent: "Keep the tokens in" }), this.keep);
    this.button = make("button", { type: "button", className: "oint-go" });
    this.button.addEventListener("click", () => this.submit("submit"));
    this.hint = make("span", { className: "oint-hint", id: `oint-hint-${++serial}` });
    this.button.setAttribute("aria-describedby", this.hint.id);
  }

  makeZone() {
    const box = make("textarea", { id: `oint-box-${++serial}`, rows: 1, autocomplete: "off", spellcheck: false });
    // Nothing is ever in it: what is pasted goes on at once, and what is typed belongs into the fields.
    box.addEventListener("beforeinput", (event) => event.preventDefault());
    const file = make("input", { type: "file", id: `oint-file-${serial}`, className: "oint-unseen", ariaLabel: "Choose a file" });
    file.addEventListener("change", () => this.takeFile(file.files[0]).then(() => (file.value = "")));
    const label = make("label", { htmlFor: box.id, textContent: "Paste or drop your auth data" });
    const choose = make("label", { htmlFor: file.id, className: "oint-a", textContent: "choose a file" });
    const more = make("div", { className: "oint-hint" }, "JSON, OPI text, .env, or ", file, choose);
    return make("div", { className: "oint-zone" }, label, box, more);
  }

  makeField(key) {
    const isSecret = key !== "redirect_uri" && key !== "client_id";
    const made = field(NAMES[key], { type: isSecret ? "password" : "text" });
    made.input.addEventListener("change", () => this.sendField(key));
    if (key === "refresh_token") made.input.addEventListener("input", () => this.showAction(made.input.value.trim() ? "refresh" : this.at.action));
    made.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      this.sendField(key);
      this.submit("submit");
    });
    this.inputs[key] = made;
  }

  // What a person gives.

  paste(event) {
    const { target } = event;
    const text = event.clipboardData.getData("text");
    const isField = target.tagName === "INPUT" && target.type !== "file";
    const isWhole = /[{\n]/.test(text.trim()); // Auth data, into whatever field: it must not stand there.
    if (isField && target !== this.address?.input && !isWhole) return; // One value, into its field.
    event.preventDefault();
    if (!text.trim()) return this.say("There is no text in the clipboard.");
    if (!this.at.login) this.give("text", [bytes(text)]);
    else if (this.address) this.giveAddress(text);
  }

  drop(event) {
    if (!event.dataTransfer) return;
    event.preventDefault(); // Else the browser opens a file that is dropped.
    event.stopPropagation();
    if (this.at.login) return;
    this.form.classList.toggle("oint-over", event.type !== "drop");
    if (event.type !== "drop") return;
    const [file] = event.dataTransfer.files;
    const text = event.dataTransfer.getData("text");
    if (file) this.takeFile(file);
    else if (text.trim()) this.give("text", [bytes(text)]);
  }

  async takeFile(file) {
    if (!file) return;
    if (file.size > LARGEST) return this.say("That file is larger than 1 MiB. It was not read.", "", "choose the file with the auth data");
    try {
      this.give("file", [bytes(file.name), await file.arrayBuffer()]);
    } catch {
      this.say("The file cannot be read. Choose it again.");
    }
  }

  sendField(key) {
    const { input } = this.inputs[key];
    if (!input.value.trim() || input.value === this.sent[key]) return;
    this.sent[key] = input.value;
    this.give("field", [bytes(key), bytes(input.value)]);
  }

  give(kind, parts) {
    if (!this.at.carriesBytes) return this.say(NO_BYTES);
    this.asked += 1;
    this.connection.ask(kind, parts, () => this.say(NO_KERNEL));
  }

  // The app's callback, or the usual one: it is sent only where somebody changes it.
  showCallback(text) {
    this.sent.redirect_uri = this.inputs.redirect_uri.input.value = text;
  }

  // A field that the kernel has is emptied where it is a secret; one that the kernel does not have shows nothing.
  clearFields({ typed = [], items = [] }) {
    for (const [key, { input }] of Object.entries(this.inputs)) {
      if (key === "redirect_uri") continue;
      const isKept = typed.includes(key);
      const isSecret = input.type === "password";
      if (key in this.sent && input.value === this.sent[key] && (isSecret || !isKept)) input.value = "";
      if (isSecret || !isKept) delete this.sent[key];
      input.placeholder = isKept && isSecret ? "given" : "";
    }
    const callback = items.find((item) => item.key === "redirect_uri");
    const { input } = this.inputs.redirect_uri;
    if (input.value === this.sent.redirect_uri) this.showCallback(callback?.state === "ok" ? callback.text : this.callback);
  }

  submit(kind) {
    if (this.isBusy) return;
    if (!this.at.carriesBytes) return this.say(NO_BYTES);
    for (const key of Object.keys(this.inputs)) if (this.inputs[key].row.isConnected) this.sendField(key);
    const place = this.keep.value === OTHER ? this.other.input.value : this.keep.value;
    this.busy(true);
    this.sub.textContent = "";
    this.tell("busy", this.at.action === "login" ? "Asking…" : "Refreshing…", "Stop waits until the answer is saved.");
    this.connection.ask(kind, [bytes(place), bytes(this.button.dataset.action)], () => {
      this.busy(false);
      this.say(NO_KERNEL);
    });
  }

  giveAddress(text) {
    this.tell("busy", "The code is exchanged for tokens…");
    this.connection.ask("address", [bytes(text)], () => this.say(NO_KERNEL));
  }

  // What the kernel answers.

  // Nothing moves below a pointer that presses a button: leaving a field sends it, and the answer would take the button away.
  hold() {
    this.isPressed = true;
    const free = ({ type, target }) => {
      if (type === "blur" && target !== window) return; // A field's own.
      for (const kind of ["pointerup", "pointercancel", "dragend", "blur"]) window.removeEventListener(kind, free, true);
      setTimeout(() => {
        this.isPressed = false;
        this.late.splice(0).forEach((message) => this.hear(message));
      });
    };
    for (const kind of ["pointerup", "pointercancel", "dragend", "blur"]) window.addEventListener(kind, free, true);
  }

  hear(message) {
    if (this.isPressed) return void this.late.push(message);
    if (message.kind === "linked") return this.linked();
    if (message.kind !== "view") return;
    if (message.of === "given" && this.asked) this.asked -= 1;
    if (!this.asked) this.clearFields(message);
    this.at = message;
    if (this.isBusy && message.of !== "work") return; // The answer to a field that was sent with the button.
    if (message.login) return this.body.contains(this.link) ? this.after(message) : this.drawLogin(message);
    this.address = null;
    this.busy(false);
    this.draw(message);
    this.after(message);
  }

  after({ problem, changed, carriesBytes, login }) {
    if (!carriesBytes && !login) return this.say(NO_BYTES);
    if (problem) this.problem(problem);
    else if (changed) this.tell("note", "The button has changed: press it again.");
    else if (login) this.waiting();
    else this.status.replaceChildren();
  }

  draw({ name, count, items, action, stores, kept }) {
    this.sub.textContent = this.at.hasSent ? "" : "nothing is sent yet";
    const at = document.activeElement;
    const chosen = this.keep.value;
    const rows = items.map((item) => this.row(item));
    const loose = Object.keys(this.inputs).filter((key) => this.open.has(key) && !items.some((item) => item.key === key));
    const parts = [];
    if (items.length) {
      const given = make("span", { textContent: `${name || "typed values"} · ${count} value${count === 1 ? "" : "s"}` });
      parts.push(make("div", { className: "oint-got" }, given, linkButton("clear", () => this.clear())));
      parts.push(make("ul", { className: "oint-list", ariaLabel: "What was found" }, ...rows));
    } else {
      parts.push(this.zone);
      if (!loose.length) {
        const more = linkButton("Type the values", () => this.openAll());
        parts.push(make("div", { className: "oint-hint" }, "No file? ", more, ". From the app's page at X you need the OAuth 2.0 client id, the client secret if there is one, and the callback URL."));
      }
    }
    parts.push(...loose.map((key) => this.inputs[key].row));
    const options = [...stores.map((store) => this.option(store, kept)), make("option", { value: OTHER, textContent: OTHER })];
    this.keep.replaceChildren(...options);
    this.keep.value = options.some((option) => option.value === chosen) ? chosen : stores[0];
    parts.push(this.keepRow, this.other.row, make("div", { className: "oint-do" }, this.button, this.hint));
    this.body.replaceChildren(...parts);
    this.showPlace();
    this.showAction(this.inputs.refresh_token.input.value.trim() ? "refresh" : action);
    if (at && this.form.contains(at)) at.focus();
  }

  showAction(action) {
    this.button.dataset.action = action || "refresh";
    this.button.textContent = BUTTONS[action || "refresh"];
    this.hint.textContent = HINTS[action];
  }

  option(store, kept) {
    return make("option", { value: store, textContent: kept.includes(store) ? store : `${store} (new)` });
  }

  row({ key, label, state, text, is_typed: isTyped }) {
    const [sign, word] = MARKS[state];
    const mark = make("span", { className: `oint-mark oint-${state}`, textContent: sign });
    mark.setAttribute("aria-hidden", "true");
    const unseen = make("span", { className: "oint-unseen", textContent: `${word}: ` });
    const said = make("span", { className: "oint-said", textContent: text });
    if (key === "refresh_token" && state === "wrong") said.append(" · ", linkButton("log in instead", () => this.give("anew", [])));
    const line = make("li", {}, mark, unseen, make("span", { textContent: label }), said);
    if (isTyped && !this.open.has(key)) {
      const button = linkButton(state === "ok" ? "change" : "type it", () => this.openField(key));
      button.setAttribute("aria-label", `${button.textContent}: ${label}`);
      line.append(button);
    }
    if (isTyped && this.open.has(key)) line.append(this.inputs[key].row);
    this.inputs[key]?.input.toggleAttribute("aria-invalid", false);
    if (state === "wrong") this.inputs[key]?.input.setAttribute("aria-invalid", "true");
    return line;
  }

  openField(key) {
    this.open.add(key);
    this.draw(this.at);
    this.inputs[key].input.focus();
  }

  openAll() {
    for (const key of Object.keys(this.inputs)) this.open.add(key);
    this.draw(this.at);
    this.inputs.client_id.input.focus();
  }

  clear() {
    this.open.clear();
    this.give("clear", []);
    this.draw({ ...this.at, name: "", count: 0, items: [], action: "" });
    this.zone.querySelector("textarea").focus();
  }

  showPlace() {
    this.other.row.hidden = this.keep.value !== OTHER;
  }

  problem({ what, cause, next, field: key, replace }) {
    this.tell("problem", what, cause && `Cause: ${cause}`, next && `Next: ${next}`);
    if (replace) {
      const button = make("button", { type: "button", className: "oint-second", textContent: `Replace the tokens in ${replace}` });
      button.addEventListener("click", () => this.submit("replace"));
      this.status.firstChild.append(make("div", {}, button));
    }
    if (this.at.login) this.address?.input.focus();
    else if (key === "keep") (this.keep.value === OTHER ? this.other.input : this.keep).focus();
    else if (this.inputs[key]) this.openField(key);
    if (this.form.contains(document.activeElement)) this.status.scrollIntoView({ block: "nearest" });
  }

  // The login, in the same place.

  drawLogin({ login, carriesBytes }) {
    this.busy(false);
    this.sub.textContent = login.isSandbox ? "SANDBOX login: an exercise" : "login";
    const whose = login.isSandbox ? "the sandbox" : "X";
    this.link = make("a", { className: "oint-go oint-link", target: "_blank", rel: "noopener noreferrer", tabIndex: 0 });
    this.link.textContent = `Open ${whose} and choose “Authorize app” ↗`;
    const parts = [make("div", { className: "oint-do" }, this.link, make("span", { className: "oint-hint", textContent: "opens a new tab" }))];
    parts.push(...login.careful.map((text) => make("div", { className: "oint-hint", textContent: text })));
    if (carriesBytes) {
      this.state = this.newState();
      this.link.setAttribute("aria-disabled", "true");
      this.connection.send("state", [bytes(this.state)]);
      const label = login.noRedirectBecause ? "Then paste the address where you end" : "Nothing happens? Paste the address where you end";
      const hint = `It begins with ${login.redirect_uri} and may say that it cannot be reached.`;
      this.address = field(label, { hint });
      this.address.row.classList.add("oint-tall");
      const use = make("button", { type: "button", className: "oint-second", textContent: "Use this address" });
      const typed = () => this.address.input.value.trim() && this.giveAddress(this.address.input.value);
      use.addEventListener("click", typed);
      this.address.input.addEventListener("keydown", (event) => event.key === "Enter" && typed());
      this.address.input.after(use);
      parts.push(this.address.row);
    } else {
      this.link.href = login.link;
      parts.push(make("div", { className: "oint-hint", textContent: "Does the browser end at an error page? In Python: twitter.get_token(getpass.getpass(), auth) takes the address." }));
    }
    if (login.canGoBack) parts.push(make("div", {}, linkButton("Back", () => this.connection.send("back"))));
    const isHere = this.form.contains(document.activeElement);
    this.body.replaceChildren(...parts);
    this.after(this.at);
    if (isHere) this.link.focus(); // Whoever types in another cell goes on typing.
  }

  waiting() {
    const { noRedirectBecause, hasAddress } = this.at.login;
    if (hasAddress) this.tell("busy", "The code is exchanged for tokens…");
    else if (noRedirectBecause) this.tell("note", "The browser cannot send the answer back here.", `Cause: ${noRedirectBecause}.`, "Next: approve, then paste the address of the page that you end at.");
    else this.tell("busy", "Waiting for your approval.", "This panel goes on by itself.");
  }

  // The state that ties X's answer to this very page. It is made here, so that it never stands in anything that the
  // kernel sends: that goes to every tab, and may be kept.
  newState() {
    const random = crypto.getRandomValues(new Uint8Array(32));
    return btoa(String.fromCharCode(...random)).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=/g, "");
  }

  linked() {
    this.link.href = `${this.at.login.link}&state=${this.state}`;
    this.link.removeAttribute("aria-disabled");
  }

  // What is said.

  say(what, cause = "", next = "") {
    this.tell("problem", what, cause && `Cause: ${cause}`, next && `Next: ${next}`);
  }

  tell(kind, what, ...more) {
    const lines = more.filter(Boolean).map((text) => make("div", { textContent: text }));
    this.status.replaceChildren(make("div", { className: `oint-say oint-say-${kind}` }, make("b", { textContent: what }), ...lines));
    if (this.address && kind !== "busy") this.address.input.value = "";
  }

  busy(isBusy) {
    this.isBusy = isBusy;
    this.button.setAttribute("aria-disabled", String(isBusy)); // Disabled, it would lose the focus.
    this.form.setAttribute("aria-busy", String(isBusy));
  }
}

function render(context) {
  const connection = new Connection(context);
  return connection.open((first) => {
    const view = new ConnectView(connection, first);
    return (message) => view.hear(message);
  });
}

export default { render };
