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
    edge("from", facts, channel, "windowStart", changed),
    edge("to", facts, channel, "windowEnd", changed),
  );
}

/** One end of the window: a slider over what the channel holds, and a field for any number. */
function edge(label, facts, channel, key, changed) {
  const low = Math.min(facts?.min ?? channel.windowStart, channel.windowStart);
  const high = Math.max(facts?.max ?? channel.windowEnd, channel.windowEnd);
  const step = Number.isInteger(low) && Number.isInteger(high) && high - low > 1 ? 1 : "any";
  const field = element("input", { type: "number", step: "any", value: channel[key] });
  const slide = element("input", { type: "range", min: low, max: high, step, value: channel[key] });
  slide.setAttribute("aria-label", `${label}, by slider`);
  const take = (wanted) => {
    const other = key === "windowStart" ? channel.windowEnd : channel.windowStart;
    const fits = key === "windowStart" ? wanted < other : wanted > other;
    const isTaken = Number.isFinite(wanted) && fits;
    if (isTaken) channel[key] = wanted;
    field.value = channel[key];
    slide.value = channel[key];
    if (isTaken) changed();
  };
  field.addEventListener("change", () => take(field.value === "" ? NaN : Number(field.value)));
  slide.addEventListener("input", () => take(Number(slide.value)));
  return element("label", { className: "edge" }, element("span", { textContent: label }), slide, field);
}
