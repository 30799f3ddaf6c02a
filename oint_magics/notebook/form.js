// The form's front end. Its fields are plain inputs: nothing typed is synced, stored or logged. What was
// typed leaves once, at the button, as one binary buffer, and the fields are cleared when the kernel has it.

const NO_KERNEL = "Not connected to a kernel. Run this cell again. (Or it is busy: then this goes on by itself.)";
const PATIENCE_MS = 8000;
// JupyterLab sends the first message to the shell that runs the cells when the form's own shell is not
// ready yet, and it waits there for the running cell; a later one gets through.
const HELLOS_MS = [0, 300, 1000, 3000];
const FIELDS = [
  ["client_id", "Client ID", ""],
  ["client_secret", "Client secret", "leave empty for a public client"],
  ["refresh_token", "Refresh token", ""],
];

// What stands in a pasted or uploaded text, by its keys; JSON or OPI's single-quoted form. Nothing leaves the browser.
const KEY = /["']?(client_id|client_secret|refresh_token)["']?\s*:\s*["']([^"']*)["']/g;

function keysIn(text) {
  return [...text.matchAll(KEY)].filter((found) => found[2].trim()).map((found) => found[1]);
}

// Says which client it is, and what is missing, before anything is sent.
function summary(keys) {
  if (!keys.size) return "";
  const kind = keys.has("client_secret")
    ? "Confidential client: a client secret is there."
    : "Public client: no client secret.";
  const missing = [["client_id", "client ID"], ["refresh_token", "refresh token"]].filter(([key]) => !keys.has(key));
  return missing.length ? `${kind} Missing: ${missing.map(([, name]) => name).join(", ")}.` : kind;
}

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

function build(place) {
  const inputs = {
    json: secretive(make("textarea", { rows: 4, className: "oint-masked" })),
    file: make("input", { type: "file", accept: ".json,application/json" }),
    keep: secretive(make("input", { type: "text", value: place })),
  };
  const details = make("details", {}, make("summary", { textContent: "or fill in the fields" }));
  for (const [key, text, hint] of FIELDS) {
    inputs[key] = secretive(make("input", { type: "password" }));
    details.append(labelled(text, inputs[key], hint));
  }
  const button = make("button", { type: "button", textContent: "Refresh and keep" });
  const found = make("div", { className: "oint-hint", id: `oint-found-${++serial}` });
  button.setAttribute("aria-describedby", found.id);
  const status = make("div", { className: "oint-status" });
  status.setAttribute("role", "status");
  status.setAttribute("aria-live", "polite");
  const form = make(
    "div",
    { className: "oint-form" },
    make("div", { className: "oint-title", id: `oint-title-${++serial}`, textContent: "Auth for X (OAuth 2.0)" }),
    labelled("Paste the auth JSON", inputs.json),
    labelled("or upload it", inputs.file),
    details,
    labelled("Keep the pair in", inputs.keep, "profile:NAME, keyring:NAME, shared:NAME, or a file's path"),
    found,
    button,
    status,
  );
  form.setAttribute("role", "group");
  form.setAttribute("aria-labelledby", form.firstChild.id);
  return { form, inputs, details, button, found, status };
}

async function collected(inputs) {
  const values = { keep: inputs.keep.value, json: inputs.json.value };
  for (const [key] of FIELDS) values[key] = inputs[key].value;
  const parts = [new TextEncoder().encode(JSON.stringify(values))];
  if (inputs.file.files.length) parts.push(new Uint8Array(await inputs.file.files[0].arrayBuffer()));
  return parts.map((part) => part.buffer);
}

async function keysOf(inputs, received) {
  const file = inputs.file.files[0];
  const texts = [inputs.json.value, file && file.size < 1e6 ? await file.text().catch(() => "") : ""];
  const typed = FIELDS.map(([key]) => key).filter((key) => inputs[key].value.trim());
  const whole = texts.flatMap(keysIn);
  // A whole structure replaces what the kernel has from before; single fields complete it.
  return new Set([...whole, ...typed, ...(whole.length ? [] : received)]);
}

function clear(inputs) {
  inputs.json.value = inputs.file.value = "";
  for (const [key] of FIELDS) inputs[key].value = "";
}

function render({ model, el }) {
  // JupyterLab's shortcuts must not fire while somebody types here.
  el.dataset.lmSuppressShortcuts = "true";
  for (const kind of ["keydown", "keyup", "keypress", "paste"]) el.addEventListener(kind, (e) => e.stopPropagation());

  const waiting = make("div", { className: "oint-status", textContent: "Connecting to the kernel…" });
  el.replaceChildren(waiting);
  let view = null;
  let received = [];
  let timer = setTimeout(() => (waiting.textContent = NO_KERNEL), PATIENCE_MS);

  function say(text, isProblem = false) {
    view.status.replaceChildren(...text.split("\n").map((line) => make("div", { textContent: line })));
    view.status.classList.toggle("oint-problem", isProblem);
  }

  function busy(isBusy) {
    view.button.disabled = isBusy;
    view.form.setAttribute("aria-busy", String(isBusy));
  }

  async function submit() {
    busy(true);
    say("Working: the pair is checked, refreshed and kept…");
    timer = setTimeout(() => { busy(false); say(NO_KERNEL, true); }, PATIENCE_MS);
    try {
      model.send({ kind: "submit" }, undefined, await collected(view.inputs));
    } catch {
      clearTimeout(timer);
      busy(false);
      say("The file cannot be read, or the kernel is gone. Choose it again, or run this cell again.", true);
    }
  }

  function ready(message) {
    if (view) return;
    clearTimeout(timer);
    view = build(message.place);
    view.button.addEventListener("click", submit);
    const look = async () => (view.found.textContent = summary(await keysOf(view.inputs, received)));
    for (const kind of ["input", "change"]) view.form.addEventListener(kind, look);
    el.replaceChildren(view.form);
  }

  function problem(message) {
    busy(false);
    say(message.text, true);
    received = message.keys;
    for (const [key, input] of Object.entries(view.inputs)) {
      if (key === message.field) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (message.received.includes(key)) input.placeholder = "received; leave empty to use it again";
    }
    if (FIELDS.some(([key]) => key === message.field)) view.details.open = true;
    (view.inputs[message.field] ?? view.button).focus();
  }

  const replies = {
    ready,
    received() {
      if (!view) return;
      clearTimeout(timer);
      clear(view.inputs);
    },
    problem(message) {
      if (view) problem(message);
    },
  };
  const listen = (message) => replies[message.kind]?.(message);
  model.on("msg:custom", listen);
  const hellos = HELLOS_MS.map((pause) => setTimeout(() => view || model.send({ kind: "hello" }), pause));
  return () => {
    [timer, ...hellos].forEach(clearTimeout);
    model.off("msg:custom", listen);
  };
}

export default { render };
