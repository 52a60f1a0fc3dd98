// The controls beside the picture: sections, timepoints, channels with colour and window.

const element = (name, attributes = {}, ...children) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
};

/** Fill `place` with controls of `image`; `changed` is called when `state` has changed. */
export function buildPanel(place, image, state, changed) {
  const { sizeX, sizeY, sizeZ, sizeT } = image.pixels;
  place.append(
    element("h1", { textContent: image.name }),
    element("p", { className: "facts", textContent: `${image.id} · ${sizeX} × ${sizeY} px` }),
  );
  if (sizeZ > 1) place.append(slider("Z", sizeZ, state, "z", changed));
  if (sizeT > 1) place.append(slider("T", sizeT, state, "t", changed));
  place.append(modelSwitch(state, changed));
  for (const channel of state.channels) {
    place.append(channelControls(image.channels[channel.index], channel, changed));
  }
}

function slider(label, size, state, key, changed) {
  const shown = element("output", { textContent: `${state[key] + 1} / ${size}` });
  const input = element("input", { type: "range", min: 0, max: size - 1, value: state[key] });
  input.addEventListener("input", () => {
    state[key] = Number(input.value);
    shown.textContent = `${state[key] + 1} / ${size}`;
    changed();
  });
  return element("label", { className: "slider" }, `${label} `, input, shown);
}

function modelSwitch(state, changed) {
  const box = element("input", { type: "checkbox", checked: state.model === "GREYSCALE" });
  box.addEventListener("change", () => {
    state.model = box.checked ? "GREYSCALE" : "COLOR";
    changed();
  });
  return element("label", {}, box, " Greyscale");
}

function channelControls(facts, channel, changed) {
  const active = element("input", { type: "checkbox", checked: channel.active });
  active.addEventListener("change", () => {
    channel.active = active.checked;
    changed();
  });
  const color = element("input", { type: "color", value: channel.color.slice(0, 7).toLowerCase() });
  color.title = channel.lookupTable ?? "Colour";
  color.addEventListener("input", () => {
    channel.color = `${color.value}ff`;
    channel.lookupTable = null;
    changed();
  });
  const name = facts?.name ?? `Channel ${channel.index + 1}`;
  return element(
    "fieldset",
    {},
    element("legend", {}, element("label", {}, active, ` ${name} `), color),
    edge("from", channel, "windowStart", changed),
    edge("to", channel, "windowEnd", changed),
  );
}

function edge(label, channel, key, changed) {
  const input = element("input", { type: "number", step: "any", value: channel[key] });
  input.addEventListener("change", () => {
    const wanted = Number(input.value);
    const other = key === "windowStart" ? channel.windowEnd : channel.windowStart;
    const fits = key === "windowStart" ? wanted < other : wanted > other;
    if (input.value === "" || !Number.isFinite(wanted) || !fits) {
      input.value = channel[key];
      return;
    }
    channel[key] = wanted;
    changed();
  });
  return element("label", {}, `${label} `, input);
}
