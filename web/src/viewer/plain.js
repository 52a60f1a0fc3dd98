// The viewer without any library: the whole image as one picture, with the same controls.
import { initialState, loadImage, pictureUrl } from "./image.js";
import { buildPanel } from "./panel.js";

const SIZE = 1600;
const place = document.getElementById("viewer");
const { image: id } = JSON.parse(place.dataset.facts);
place.textContent = "";
const { image, fault } = await loadImage(place, id);
if (fault) place.append(Object.assign(document.createElement("p"), { textContent: fault }));
else {
  place.innerHTML = '<div class="picture"><img alt=""></div><aside></aside>';
  const picture = place.querySelector("img");
  const state = initialState(image);
  const draw = () => {
    picture.src = pictureUrl(image, state, SIZE);
  };
  let waiting = 0;
  buildPanel(place.querySelector("aside"), image, state, () => {
    clearTimeout(waiting);
    waiting = setTimeout(draw, 120);
  });
  draw();
}
