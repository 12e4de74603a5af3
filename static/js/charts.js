/* Draws each [data-chart="id"] from the JSON of the script element with that id, when it first comes into sight. */
(() => {
  "use strict";

  const kinds = window.carelensCharts;
  const shown = new ResizeObserver((entries) => entries.forEach(({ target }) => fit(target)));
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) draw(target);
  }, { rootMargin: "200px" });

  function specOf(box) {
    const spec = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    if (!Object.hasOwn(kinds, spec.kind)) throw new Error(`unknown chart kind ${spec.kind}`);
    return spec;
  }

  function draw(box) {
    seen.unobserve(box);
    if (window.echarts.getInstanceByDom(box) || !box.clientWidth) return;
    try {
      const option = kinds[specOf(box).kind](specOf(box));
      window.echarts.init(box, null, { renderer: "svg" }).setOption(option);
      scale(box);
      shown.observe(box);
    } catch (problem) {
      fallBack(box, problem);
    }
  }

  /* A chart that cannot be drawn is not lost: its table is opened in its place. */
  function fallBack(box, problem) {
    window.echarts.getInstanceByDom(box)?.dispose();
    box.classList.add("chart-failed");
    box.textContent = "The chart could not be drawn. The table below holds the same numbers.";
    const table = box.parentElement.querySelector("details");
    if (table) table.open = true;
    window.console.error(problem);
  }

  function fit(box) {
    const chart = window.echarts.getInstanceByDom(box);
    if (!chart || !box.clientWidth) return;
    chart.resize();
    scale(box);
  }

  /* With a viewBox the drawing shrinks to the width of the paper; print.css says so. */
  function scale(box) {
    const picture = box.querySelector("svg");
    if (picture) picture.setAttribute("viewBox", `0 0 ${box.clientWidth} ${box.clientHeight}`);
  }

  function watch(root) {
    for (const box of root.querySelectorAll("[data-chart]")) seen.observe(box);
  }

  function drawAll() {
    for (const panel of document.querySelectorAll(".tab-panel[hidden]")) {
      panel.hidden = false;
      panel.dataset.wasHidden = "";
    }
    for (const box of document.querySelectorAll("[data-chart]")) draw(box);
  }

  function hideAgain() {
    for (const panel of document.querySelectorAll("[data-was-hidden]")) {
      panel.hidden = true;
      delete panel.dataset.wasHidden;
    }
  }

  window.addEventListener("beforeprint", drawAll);
  window.addEventListener("afterprint", hideAgain);
  document.addEventListener("htmx:load", (event) => watch(event.detail.elt.parentElement || document));
  watch(document);
})();
