// Opens a served OME-Zarr with zarrita, as viewers in browsers do, and hands out what it reads.
import * as zarr from "zarrita";

const plain = (array) => Array.from(array, Number);

/** Attributes of a group, and shape, type and chunks of each level. */
window.describe = async (address, version) => {
  const open = version === 2 ? zarr.open.v2 : zarr.open.v3;
  const root = zarr.root(new zarr.FetchStore(address));
  const group = await open(root, { kind: "group" });
  const attributes = group.attrs.ome ?? group.attrs;
  const levels = [];
  for (const { path } of attributes.multiscales[0].datasets) {
    const array = await open(group.resolve(path), { kind: "array" });
    levels.push({ path, shape: array.shape, dtype: array.dtype, chunks: array.chunks });
  }
  return { attributes, levels };
};

/** Part of one plane of a level as numbers, row by row, drawn on the page too. */
window.readPlane = async (address, version, path, [t, c, z], [top, bottom], [left, right]) => {
  const open = version === 2 ? zarr.open.v2 : zarr.open.v3;
  const array = await open(zarr.root(new zarr.FetchStore(`${address}/${path}`)), { kind: "array" });
  const { data, shape } = await zarr.get(array, [
    t, c, z, zarr.slice(top, bottom), zarr.slice(left, right),
  ]);
  const canvas = document.getElementById("plane");
  [canvas.height, canvas.width] = shape;
  const picture = new ImageData(shape[1], shape[0]);
  const scale = 255 / 65535;
  data.forEach((value, at) => {
    picture.data.set([value * scale, value * scale, value * scale, 255], 4 * at);
  });
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return { values: plain(data), shape };
};

window.isReady = true;
