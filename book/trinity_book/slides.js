const slides = [...document.querySelectorAll("section")];
const at = () => slides.findIndex(s => s.getBoundingClientRect().bottom > innerHeight / 2);
addEventListener("keydown", e => {
  if (e.key.toLowerCase() === "n") document.body.classList.toggle("notes");
  const step = {ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1}[e.key];
  const next = slides[at() + step];
  if (step && next) { e.preventDefault(); next.scrollIntoView(); }
});
