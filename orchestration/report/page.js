/* The page works without this. It lets Escape put a definition away, and prints what is folded. */
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector(".meaning:hover, .meaning:focus-within");
  if (!open) return;
  open.classList.add("away");
  const back = () => open.classList.remove("away");
  open.addEventListener("mouseleave", back, { once: true });
  open.addEventListener("focusout", back, { once: true });
});
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not([open])")) {
    fold.open = true;
    fold.dataset.folded = "";
  }
});
addEventListener("afterprint", () => {
  for (const fold of document.querySelectorAll("details[data-folded]")) {
    fold.open = false;
    delete fold.dataset.folded;
  }
});
