// The login: a link, a listener on the kernel's side, and a field for the address, all at once.

const WAITING = "Waiting for the answer. It comes here by itself when you have approved.";

// The state that ties X's answer to this very page. It is made here, so that it never stands in anything that the
// kernel sends: that goes to every tab, and may be kept.
function newState() {
  const random = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...random)).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=/g, "");
}

function build({ redirect_uri, noRedirectBecause, careful, title, whose }) {
  const link = make("a", { className: "oint-link", target: "_blank", rel: "noopener noreferrer" });
  link.textContent = `Open ${whose} page and approve`;
  link.setAttribute("aria-disabled", "true");
  const address = secretive(make("input", { type: "password" }));
  const button = make("button", { type: "button", textContent: "Take the address" });
  const status = liveRegion();
  const notes = careful.map((text) => make("div", { className: "oint-hint", textContent: text }));
  const why = noRedirectBecause ? `The browser cannot send the answer back here: ${noRedirectBecause}. ` : "";
  const hint = `It begins with ${redirect_uri}; the page there may say that it cannot be reached.`;
  const label = `${noRedirectBecause ? "Paste" : "or paste"} the whole address that the browser ends at`;
  const form = grouped(
    title,
    make("div", { className: "oint-row" }, link, make("div", { className: "oint-hint", textContent: "in a new tab" })),
    ...notes,
    labelled(label, address, hint),
    button,
    status,
  );
  return { form, link, address, button, status, idle: why ? `${why}Paste it above.` : WAITING };
}

function render(context) {
  const panel = new Panel(context);
  const state = newState();

  function take() {
    const { address } = panel.view;
    panel.submit("address", "Working: the code is exchanged for a pair…", async () => [bytes(address.value)]);
  }

  function draw(message) {
    const view = build(message);
    view.button.addEventListener("click", take);
    view.address.addEventListener("keydown", (e) => e.key === "Enter" && take());
    view.link.dataset.link = message.link;
    panel.model.send({ kind: "state" }, undefined, [bytes(state)]);
    return view;
  }

  return panel.connect(draw, {
    linked() {
      const { link, idle } = panel.view;
      link.href = `${link.dataset.link}&state=${state}`;
      link.removeAttribute("aria-disabled");
      if (!panel.view.status.textContent) panel.say(idle);
    },
    received() {
      panel.received();
      panel.view.address.value = "";
    },
    problem(message) {
      panel.problem(message.text);
      panel.view.address.focus();
    },
  });
}

export default { render };
