// What a panel needs of its front end. What a person gives goes to the kernel as bytes, once, and stays nowhere here:
// a paste is cancelled before it enters the page, a field is cleared when the kernel has it.

const NO_KERNEL = "Not connected to a kernel. Run this cell again. (Or it is busy: then this goes on by itself.)";
const PATIENCE_MS = 8000;
// JupyterLab sends the first message to the shell that runs the cells when the panel's own shell is not
// ready yet, and it waits there for the running cell; a later one gets through.
const HELLOS_MS = [0, 300, 1000, 3000];

let serial = 0;

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  const { role, ...others } = properties;
  if (role) node.setAttribute("role", role);
  Object.assign(node, others);
  node.append(...children);
  return node;
}

function bytes(text) {
  return new TextEncoder().encode(text).buffer;
}

// A field whose text no browser keeps, checks or corrects.
function field(text, { hint, type = "password", value = "" } = {}) {
  const input = make("input", { type, value, id: `oint-field-${++serial}`, autocomplete: "off", spellcheck: false });
  input.setAttribute("autocapitalize", "off");
  const row = make("div", { className: "oint-field" }, make("label", { htmlFor: input.id, textContent: text }), input);
  if (hint) {
    const help = make("div", { id: `${input.id}-hint`, className: "oint-hint", textContent: hint });
    input.setAttribute("aria-describedby", help.id);
    row.append(help);
  }
  return { row, input };
}

function linkButton(text, act) {
  const button = make("button", { type: "button", className: "oint-a", textContent: text });
  button.addEventListener("click", act);
  return button;
}

// Where the next Shift+Enter goes: to the cell below, once the table has taken the panel's place.
function moveOn(el) {
  const cell = el.closest(".jp-Cell");
  const at = document.activeElement;
  if (!cell || !(at === document.body || el.contains(at))) return;
  cell.focus();
  const down = { key: "ArrowDown", code: "ArrowDown", keyCode: 40, bubbles: true, cancelable: true };
  cell.dispatchEvent(new KeyboardEvent("keydown", down));
}

class Connection {
  constructor({ model, el }) {
    Object.assign(this, { model, el, timer: null });
    el.classList.add("tex2jax_ignore", "mathjax_ignore"); // A price in a message is no mathematics.
    el.dataset.lmSuppressShortcuts = "true"; // JupyterLab's shortcuts must not fire while somebody types here.
    for (const kind of ["keydown", "keyup", "keypress", "paste"]) el.addEventListener(kind, (e) => e.stopPropagation());
    const waiting = make("div", { className: "oint-status", textContent: "Connecting to the kernel…" });
    el.replaceChildren(waiting);
    this.timer = setTimeout(() => (waiting.textContent = NO_KERNEL), PATIENCE_MS);
  }

  // Say hello, hand the first answer to `draw` and each later message to the one that `draw` returns.
  open(draw) {
    let hear = null;
    const listen = (message) => {
      if (message.kind === "ended") return moveOn(this.el);
      this.isBack();
      if (hear) hear(message);
      else if (message.kind === "ready") hear = draw(message);
    };
    this.model.on("msg:custom", listen);
    const hello = () => hear || this.send("hello", [bytes("bytes")]);
    const hellos = HELLOS_MS.map((pause) => setTimeout(hello, pause));
    return () => {
      [this.timer, ...hellos].forEach(clearTimeout);
      this.model.off("msg:custom", listen);
    };
  }

  send(kind, parts = []) {
    this.model.send({ kind }, undefined, parts);
  }

  // The same, and `late` is called where no answer comes.
  ask(kind, parts, late) {
    this.isBack();
    this.timer = setTimeout(late, PATIENCE_MS);
    this.send(kind, parts);
  }

  isBack() {
    clearTimeout(this.timer);
  }
}

