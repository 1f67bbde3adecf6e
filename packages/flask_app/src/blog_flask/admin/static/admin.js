"use strict";

for (const button of document.querySelectorAll("[data-action]")) {
  button.addEventListener("click", () => modelActions.execute(button.dataset.action));
}
