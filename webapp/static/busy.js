// A button that was pressed says so until its page is left, or a download has had time to begin.
"use strict";
const WORDS = {export: "Preparing…", find: "Searching…"};
const SHOWN = 5000; // milliseconds: a download does not tell when it begins

function press(button, words) {
  const said = button.textContent;
  button.textContent = words;
  button.setAttribute("aria-disabled", "true");
  const restore = () => {
    button.textContent = said;
    button.removeAttribute("aria-disabled");
  };
  setTimeout(restore, SHOWN);
  addEventListener("pageshow", restore, {once: true}); // who comes back finds it as it was
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const words = button && WORDS[event.target.dataset.busy];
  if (!words) return;
  if (button.getAttribute("aria-disabled")) event.preventDefault(); // it is at work already
  else press(button, words);
});
