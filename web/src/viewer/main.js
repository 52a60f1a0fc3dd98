// The viewer with OpenSeadragon: pan and zoom over our tiles, settings in their addresses.
import OpenSeadragon from "openseadragon";
import { initialState, loadImage, tileUrl } from "./image.js";
import { buildPanel } from "./panel.js";
import "./viewer.css";

const place = document.getElementById("viewer");
const { image: id } = JSON.parse(place.dataset.facts);
place.textContent = "";
const { image, fault } = await loadImage(place, id);
if (fault) place.append(Object.assign(document.createElement("p"), { textContent: fault }));
else show(image);

function show(image) {
  document.title = `${image.name} · Tessera`;
  place.innerHTML = '<div class="picture"></div><aside></aside>';
  const state = initialState(image);
  const viewer = OpenSeadragon({
    element: place.querySelector(".picture"),
    tileSources: source(image, state),
    showNavigationControl: false,
    showNavigator: false,
    maxZoomPixelRatio: 8,
    imageSmoothingEnabled: false,
    animationTime: 0.4,
    drawer: "canvas",
  });
  let waiting = 0;
  buildPanel(place.querySelector("aside"), image, state, () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => exchange(viewer, source(image, state)), 120);
  });
}

// Puts the new picture over the old one and takes the old one away when the new one is there.
function exchange(viewer, tileSource) {
  const old = viewer.world.getItemAt(0);
  viewer.addTiledImage({
    tileSource,
    success: ({ item }) => {
      const drop = () => old && viewer.world.getIndexOfItem(old) >= 0 && viewer.world.removeItem(old);
      if (item.getFullyLoaded()) drop();
      else item.addOnceHandler("fully-loaded-change", drop);
    },
  });
}

// OpenSeadragon counts levels from the smallest; ours count from full size.
function source(image, state) {
  const frozen = structuredClone(state);
  const levels = [...image.tiles.levels].reverse();
  const last = levels.length - 1;
  const made = new OpenSeadragon.TileSource({
    width: image.pixels.sizeX,
    height: image.pixels.sizeY,
    minLevel: 0,
    maxLevel: last,
    tileWidth: levels[last].tileWidth,
    tileHeight: levels[last].tileHeight,
  });
  made.getLevelScale = (level) => levels[level].width / levels[last].width;
  made.getTileWidth = (level) => levels[level].tileWidth;
  made.getTileHeight = (level) => levels[level].tileHeight;
  made.getTileUrl = (level, x, y) => tileUrl(image, frozen, last - level, x, y);
  return made;
}
