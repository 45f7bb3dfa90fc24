"use strict";
const fragment = new URLSearchParams(location.hash.slice(1));
if (fragment.has("k")) {
  sessionStorage.setItem("hinton-key", fragment.get("k"));
  history.replaceState(null, "", location.pathname);
}
const headers = { "X-Hinton-Key": sessionStorage.getItem("hinton-key") ?? "" };
fetch("api/catalogue", { headers })
  .then((response) => response.json())
  .then((catalogue) => {
    document.title = catalogue.title;
    document.querySelector("h1").textContent = catalogue.title;
    for (const tensor of catalogue.tensors) {
      const item = document.createElement("li");
      item.textContent = `${tensor.name} ${tensor.shape.join(" × ")} ${tensor.dtype}`;
      document.getElementById("tensors").append(item);
    }
    document.body.dataset.state = "exact";
  });
