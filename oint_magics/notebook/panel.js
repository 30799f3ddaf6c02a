// What our panels share. Their fields are plain inputs: nothing typed is synced, stored or logged. What was typed
// leaves once, at the button, as one binary buffer, and the fields are cleared when the kernel has it.

const NO_KERNEL = "Not connected to a kernel. Run this cell again. (Or it is busy: then this goes on by itself.)";
const PATIENCE_MS = 8000;
// JupyterLab sends the first message to the shell that runs the cells when the panel's own shell is not
// ready yet, and it waits there for the running cell; a later one gets through.
const HELLOS_MS = [0, 300, 1000, 3000];

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  Object.assign(node, properties);
  node.append(...children);
  return node;
}

let serial = 0;

function labelled(text, input, hint) {
  input.id = `oint-field-${++serial}`;
  const label = make("label", { htmlFor: input.id, textContent: text });
  const row = make("div", { className: "oint-row" }, label, input);
  if (hint) {
    const help = make("div", { id: `${input.id}-hint`, className: "oint-hint", textContent: hint });
    input.setAttribute("aria-describedby", help.id);
    row.append(help);
  }
  return row;
}

function secretive(input) {
  input.autocomplete = "off";
  input.spellcheck = false;
  input.setAttribute("autocapitalize", "off");
  return input;
}

function liveRegion() {
  const status = make("div", { className: "oint-status" });
  status.setAttribute("role", "status");
  status.setAttribute("aria-live", "polite");
  return status;
}

function grouped(title, ...children) {
  const head = make("div", { className: "oint-title", id: `oint-title-${++serial}`, textContent: title });
  const group = make("div", { className: "oint-form" }, head, ...children);
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", head.id);
  return group;
}

// One view of a panel: nothing is drawn before the kernel has answered, and a kernel that is gone is said.
class Panel {
  constructor({ model, el }) {
    Object.assign(this, { model, el, view: null, timer: null });
    // JupyterLab's shortcuts must not fire while somebody types here.
    el.dataset.lmSuppressShortcuts = "true";
    for (const kind of ["keydown", "keyup", "keypress", "paste"]) el.addEventListener(kind, (e) => e.stopPropagation());
    const waiting = make("div", { className: "oint-status", textContent: "Connecting to the kernel…" });
    el.replaceChildren(waiting);
    this.timer = setTimeout(() => (waiting.textContent = NO_KERNEL), PATIENCE_MS);
  }

  // Say hello, draw what `build` makes of the answer, and hand on what else comes.
  connect(build, replies) {
    const ready = (message) => {
      if (this.view) return;
      clearTimeout(this.timer);
      this.view = build(message);
      this.el.replaceChildren(this.view.form);
    };
    const listen = (message) => {
      if (message.kind === "ready") ready(message);
      else if (this.view) replies[message.kind]?.(message);
    };
    this.model.on("msg:custom", listen);
    const hellos = HELLOS_MS.map((pause) => setTimeout(() => this.view || this.model.send({ kind: "hello" }), pause));
    return () => {
      [this.timer, ...hellos].forEach(clearTimeout);
      this.model.off("msg:custom", listen);
    };
  }

  say(text, isProblem = false) {
    const { status } = this.view;
    status.replaceChildren(...text.split("\n").map((line) => make("div", { textContent: line })));
    status.classList.toggle("oint-problem", isProblem);
  }

  busy(isBusy) {
    this.view.button.disabled = isBusy;
    this.view.form.setAttribute("aria-busy", String(isBusy));
  }

  // Send what was filled in, as bytes alone; `collect` returns them.
  async submit(kind, working, collect) {
    this.busy(true);
    this.say(working);
    this.timer = setTimeout(() => { this.busy(false); this.say(NO_KERNEL, true); }, PATIENCE_MS);
    try {
      this.model.send({ kind }, undefined, await collect());
    } catch {
      clearTimeout(this.timer);
      this.busy(false);
      this.say("The file cannot be read, or the kernel is gone. Choose it again, or run this cell again.", true);
    }
  }

  received() {
    clearTimeout(this.timer);
  }

  problem(text) {
    this.busy(false);
    this.say(text, true);
  }
}

function bytes(text) {
  return new TextEncoder().encode(text).buffer;
}

