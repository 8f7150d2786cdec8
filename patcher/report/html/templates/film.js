(() => {
  const slide = document.getElementById("slide");
  if (!slide) return;
  const slid = document.getElementById("slid");
  const takes = [...document.querySelectorAll(".film .take")];
  const radios = takes.map((take) => take.querySelector("input")).filter(Boolean);
  const name = (take) => take.querySelector("bdi").textContent;
  const tell = (radio) => {
    const at = Number(slide.value), first = Number(radio.dataset.first), take = radio.closest(".take");
    take.dispatchEvent(new Event("needed", { bubbles: true }));
    slid.textContent = at === first ? `${at ? `Patch ${at}` : "Base"}: ${name(take)}`
      : `Patch ${at}: leaves the P2M as ${first ? `patch ${first}` : "the base"} has it`;
    slide.setAttribute("aria-valuetext", slid.textContent);
  };
  slide.addEventListener("input", () => {
    const at = Number(slide.value);
    const radio = radios.findLast((each) => Number(each.dataset.first) <= at) || radios[0];
    radio.checked = true;
    tell(radio);
  });
  for (const radio of radios) radio.addEventListener("change", () => { slide.value = radio.dataset.first; tell(radio); });
  if (!CSS.supports("selector(:has(a))")) {  // all are shown
    for (const take of takes) take.dispatchEvent(new Event("needed", { bubbles: true }));
  }
  const chosen = radios.find((radio) => radio.checked) || radios[0];
  slide.value = chosen.dataset.last;
  tell(chosen);
  slide.parentElement.hidden = false;
})();
