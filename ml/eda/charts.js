// Draws what comes into view; a page of 500 histograms opens as quickly as one of five.
(function () {
  function colours() {
    var style = getComputedStyle(document.documentElement);
    return { ink: style.getPropertyValue("--ink").trim(), line: style.getPropertyValue("--line").trim(),
      soft: style.getPropertyValue("--soft").trim(), paper: style.getPropertyValue("--paper").trim() };
  }
  function themed(layout) {
    var c = colours(), more = { "font.color": c.ink, "hoverlabel.bgcolor": c.paper,
      "hoverlabel.bordercolor": c.line, "hoverlabel.font.color": c.ink };
    Object.keys(layout).filter(function (k) { return /^[xy]axis/.test(k); }).forEach(function (k) {
      more[k + ".gridcolor"] = c.line; more[k + ".linecolor"] = c.line; });
    if (layout.updatemenus) { more["updatemenus[0].bgcolor"] = c.paper;
      more["updatemenus[0].bordercolor"] = c.line; more["updatemenus[0].font.color"] = c.ink; }
    return more;
  }
  function draw(box) {
    var figure = JSON.parse(document.getElementById(box.id + "-data").textContent);
    box.dataset.drawn = "yes";
    Plotly.newPlot(box, figure.data, figure.layout, { responsive: true, displaylogo: false,
      modeBarButtonsToRemove: ["lasso2d", "select2d"] })
      .then(function () { return Plotly.relayout(box, themed(box.layout)); });
  }
  var boxes = Array.prototype.slice.call(document.querySelectorAll(".chart"));
  var seen = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target); } });
  }, { rootMargin: "400px" });
  boxes.forEach(function (box) { seen.observe(box); });
  document.addEventListener("theme", function () {
    boxes.forEach(function (box) {
      if (box.dataset.drawn && box.layout) { Plotly.relayout(box, themed(box.layout)); } });
  });
  window.addEventListener("beforeprint", function () {
    boxes.forEach(function (box) { if (!box.dataset.drawn) { seen.unobserve(box); draw(box); } });
  });
})();
