() => {
  // If the visitor scrolls while a picture is translated, the page does not scroll by itself.
  let own = false;
  let choice = 0;
  const keys = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "];
  const scrolled = () => { own = true; };
  addEventListener("wheel", scrolled, { passive: true, capture: true });
  addEventListener("touchmove", scrolled, { passive: true, capture: true });
  addEventListener("keydown", (event) => { own ||= keys.includes(event.key); }, true);
  const show = (id) => {
    const element = document.getElementById(id);
    const box = element.getBoundingClientRect();
    if (box.top >= 0 && box.bottom <= innerHeight) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({
      block: box.height > innerHeight ? "start" : "nearest",
      behavior: calm ? "instant" : "smooth",
    });
  };
  window.gan = {
    start: (id) => { own = false; show(id); },
    arrive: (id) => { if (!own) show(id); },
    examples: (at) => { choice = at; named(); },
  };
  // Without https browsers offer no camera, and Gradio's camera button would show an error.
  document.documentElement.classList.toggle("insecure", !isSecureContext);
  // Only the chosen model's examples are shown. Screen readers need names, which Gradio omits.
  const named = () => document.querySelectorAll(".examples").forEach((shelf) => {
    shelf.classList.toggle("other", shelf.id !== `examples-${choice}`);
    shelf.querySelectorAll("button").forEach((button, at) => {
      button.setAttribute("aria-label", `Example ${at + 1}`);
    });
  });
  new MutationObserver(named).observe(document.body, { childList: true, subtree: true });
  named();
}
