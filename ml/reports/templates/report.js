// Draws the charts, and draws them again when the theme changes; paper is always light.
(() => {
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const palette = JSON.parse(document.getElementById("palette").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const options = { displayModeBar: false, responsive: true };

  const themed = (spec, isDark) => {
    let text = JSON.stringify(spec);
    if (isDark) {
      for (const [light, twin] of Object.entries(palette)) {
        text = text.split(light).join(twin);
      }
    }
    return JSON.parse(text);
  };

  const draw = (isDark, size = {}) => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const spec = themed(specs[Number(place.dataset.chart)], isDark);
      spec.layout.font.family = getComputedStyle(document.body).fontFamily;
      Plotly.react(place, spec.data, { ...spec.layout, ...size }, options);
    }
  };

  draw(dark.matches);
  dark.addEventListener("change", () => draw(dark.matches));
  // The width of an A4 page within its margins: a printer knows no responsive chart.
  window.addEventListener("beforeprint", () => draw(false, { width: 640, height: 300 }));
  window.addEventListener("afterprint", () => draw(dark.matches));
})();
