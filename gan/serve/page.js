() => {
  // If the visitor scrolls while a picture is translated, the page does not scroll by itself.
  let own = false;
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
  };
  // Without https browsers offer no camera, and Gradio's camera button would show an error.
  document.documentElement.classList.toggle("insecure", !isSecureContext);
  // Gradio does not name the examples; screen readers need names.
  const named = () => document.querySelectorAll("#examples button").forEach((button, at) => {
    button.setAttribute("aria-label", `Example ${at + 1}`);
  });
  new MutationObserver(named).observe(document.body, { childList: true, subtree: true });
  named();
}
