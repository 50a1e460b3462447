"use strict";

// Before and after: the range input holds the value, for the keyboard and for those who do not see;
// dragging anywhere on the picture sets it, which a range input alone does not do on every phone.
for (const frame of document.querySelectorAll(".compare")) {
  const input = frame.querySelector("input");
  const show = () => frame.style.setProperty("--cut", input.value + "%");
  const follow = (event) => {
    const box = frame.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    input.value = Math.round(100 * Math.min(1, Math.max(0, share)));
    show();
  };
  input.addEventListener("input", show);
  frame.addEventListener("pointerdown", (event) => {
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
    input.focus({ preventScroll: true });
    follow(event);
  });
  frame.addEventListener("pointermove", (event) => {
    if (frame.hasPointerCapture(event.pointerId)) follow(event);
  });
  show();
}

// Samples: one slider over the steps for all directions.
for (const block of document.querySelectorAll(".samples")) {
  const input = block.querySelector("input");
  const output = block.querySelector("output");
  const steps = input.dataset.steps.split(" ").map(Number);
  const show = () => {
    const step = steps[input.value];
    output.textContent = step.toLocaleString("en");
    input.setAttribute("aria-valuetext", "step " + step);
    for (const image of block.querySelectorAll("img")) {
      image.hidden = image.dataset.index !== input.value;
    }
  };
  input.addEventListener("input", show);
  show();
}

// Charts: the legend shows the values at the step under the pointer, or under the arrow keys.
for (const plot of document.querySelectorAll(".plot")) {
  const curves = JSON.parse(plot.dataset.points);
  const first = Number(plot.dataset.first);
  const last = Number(plot.dataset.last);
  const chart = plot.closest(".chart");
  const values = chart.querySelectorAll(".value");
  const where = chart.querySelector(".step");
  const rule = plot.querySelector(".rule");
  const steps = [...new Set(curves.flatMap((curve) => curve[0]))].sort((a, b) => a - b);
  let at = steps.length - 1;

  const show = (visible) => {
    const step = steps[at];
    const x = (1000 * (step - first)) / (last - first);
    rule.setAttribute("x1", x);
    rule.setAttribute("x2", x);
    rule.style.visibility = visible ? "visible" : "hidden";
    where.textContent = step.toLocaleString("en");
    curves.forEach((curve, index) => {
      // Curves need not have the same steps: the last value up to this one, none beyond the end.
      const place = curve[0].findLastIndex((candidate) => candidate <= step);
      const beyond = place === curve[0].length - 1 && curve[0][place] < step;
      values[index].textContent = place < 0 || beyond ? "–" : curve[1][place];
    });
  };
  const rest = where.textContent;
  const leave = () => {
    at = steps.length - 1;
    show(false);
    where.textContent = rest;
    curves.forEach((curve, index) => (values[index].textContent = curve[1].at(-1)));
  };
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const step = first + ((last - first) * (event.clientX - box.left)) / box.width;
    const distances = steps.map((candidate) => Math.abs(candidate - step));
    at = distances.indexOf(Math.min(...distances));
    show(true);
  });
  plot.addEventListener("pointerleave", leave);
  plot.addEventListener("blur", leave);
  plot.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -steps.length, End: steps.length }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    at = Math.min(steps.length - 1, Math.max(0, at + move));
    show(true);
  });
}
