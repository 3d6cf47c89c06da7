
for (const svg of document.querySelectorAll("svg")) {
  let say = svg.nextElementSibling;
  if (!say) say = svg.parentElement.nextElementSibling;
  const tell = event => {
    const text = event.target.getAttribute("data-say");
    if (text) say.textContent = text;
  };
  svg.addEventListener("pointerover", tell);
  svg.addEventListener("click", tell);
  svg.addEventListener("focusin", tell);
}
