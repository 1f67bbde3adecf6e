"use strict";

// An action is done to the rows that are ticked.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-action]");
  if (form) {
    const ticked = document.querySelectorAll(".select-box:checked");
    const pks = [...ticked].map((box) => box.previousElementSibling.value);
    form.action = `${form.dataset.action}?pks=${pks.join(",")}`;
  }
});
