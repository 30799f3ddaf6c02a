// The form for an auth structure.

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
  const status = liveRegion();
  const form = grouped(
    "Auth for X (OAuth 2.0)",
    labelled("Paste the auth JSON", inputs.json),
    labelled("or upload it", inputs.file),
    details,
    labelled("Keep the pair in", inputs.keep, "profile:NAME, keyring:NAME, shared:NAME, or a file's path"),
    found,
    button,
    status,
  );
  return { form, inputs, details, button, found, status };
}

async function collected(inputs) {
  const values = { keep: inputs.keep.value, json: inputs.json.value };
  for (const [key] of FIELDS) values[key] = inputs[key].value;
  const parts = [bytes(JSON.stringify(values))];
  if (inputs.file.files.length) parts.push(await inputs.file.files[0].arrayBuffer());
  return parts;
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

function render(context) {
  const panel = new Panel(context);
  let received = [];

  function draw({ place }) {
    const view = build(place);
    const working = "Working: the pair is checked, refreshed and kept…";
    view.button.addEventListener("click", () => panel.submit("submit", working, () => collected(view.inputs)));
    const look = async () => (view.found.textContent = summary(await keysOf(view.inputs, received)));
    for (const kind of ["input", "change"]) view.form.addEventListener(kind, look);
    return view;
  }

  function problem(message) {
    const { inputs, details, button } = panel.view;
    panel.problem(message.text);
    received = message.keys;
    for (const [key, input] of Object.entries(inputs)) {
      if (key === message.field) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (message.received.includes(key)) input.placeholder = "received; leave empty to use it again";
    }
    if (FIELDS.some(([key]) => key === message.field)) details.open = true;
    (inputs[message.field] ?? button).focus();
  }

  function kept() {
    panel.received();
    clear(panel.view.inputs);
  }

  return panel.connect(draw, { received: kept, problem });
}

export default { render };
