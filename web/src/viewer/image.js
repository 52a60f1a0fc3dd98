// What the viewer needs to know of an image, and how its settings become the `c=` of an address.
import { askLoggedIn } from "./session.js";

const IMAGE = `query($id: ID!) { node(id: $id) { ... on Image {
  id name
  pixels { sizeX sizeY sizeZ sizeC sizeT }
  channels { index name typeMin typeMax min max }
  renderingSettings { model defaultZ defaultT
    channels { index active color lookupTable windowStart windowEnd reverseIntensity } }
  tiles { iiifInfoUrl tileUrlTemplate levels { width height tileWidth tileHeight scale } }
} } }`;

/** The image as the caller sees it, or a sentence that says why not (as `fault`). */
export async function loadImage(place, id) {
  const answer = await askLoggedIn(place, IMAGE, { id });
  const image = answer.data?.node;
  if (image?.tiles) return { image };
  return { fault: answer.errors?.[0]?.message ?? `There is no ${id}, or you may not see it.` };
}

/** The state that the controls change. */
export function initialState(image) {
  const { model, defaultZ, defaultT, channels } = image.renderingSettings;
  return { model, z: defaultZ, t: defaultT, channels: channels.map((channel) => ({ ...channel })) };
}

const hex = (color) => color.replace("#", "").slice(0, 6);

/** `c=` and `m=`; channels count from 1 here and nowhere else. */
export function settingsQuery(state) {
  const items = state.channels.map((channel) => {
    const sign = channel.active ? "" : "-";
    const turned = channel.reverseIntensity ? "r" : "-r";
    const shown = channel.lookupTable ?? hex(channel.color);
    const window = `${channel.windowStart}:${channel.windowEnd}${turned}`;
    return `${sign}${channel.index + 1}|${window}$${shown}`;
  });
  return `c=${encodeURIComponent(items.join(","))}&m=${state.model === "GREYSCALE" ? "g" : "c"}`;
}

/** The address of one tile. */
export function tileUrl(image, state, level, x, y) {
  const places = { level, x, y, z: state.z, t: state.t };
  const filled = image.tiles.tileUrlTemplate.replace(/\{(\w+)\}/g, (_all, name) => places[name]);
  return `${filled}&${settingsQuery(state)}`;
}

/** The whole image in one picture of at most `size` pixels, by IIIF. */
export function pictureUrl(image, state, size) {
  const base = image.tiles.iiifInfoUrl.replace(/\/info\.json$/, "");
  const { sizeX, sizeY } = image.pixels;
  const box = sizeX <= size && sizeY <= size ? "max" : `!${size},${size}`;
  const plane = `z=${state.z}&t=${state.t}`;
  return `${base}/full/${box}/0/default.jpg?${plane}&${settingsQuery(state)}`;
}
