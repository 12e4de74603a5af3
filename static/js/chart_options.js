/* Neutral chart specifications → ECharts options. Pure: reads no page, keeps no state. One function a kind; the
   shape of each specification stands above its function. Dates are ISO texts, risks are in percent. */
window.carelensCharts = (() => {
  "use strict";

  const INK = "#1f2933";
  const SOFT = "#52606d";
  const LINE = "#d9e0e7";
  const BAND = "#e4ebf1";
  const ACTION = "#0b5cad";
  const RAISED = "#c4561f";
  const LOWERED = "#4a86b0";
  const TIERS = { low: "#7fa8c9", moderate: "#d9a441", high: "#c4561f", very_high: "#5c0f3b" };
  /* Okabe and Ito without yellow; dash and symbol tell the series apart without colour. */
  const SERIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#000000"];
  const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [12, 4], [2, 2]];
  const SYMBOLS = ["circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect"];
  const soft = (more) => ({ color: "rgba(255, 255, 255, 0.45)", ...more });
  const DECALS = [
    { symbol: "none" },
    soft({ symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4 }),
    soft({ symbol: "circle", symbolSize: 0.6, dashArrayX: [[6, 6], [0, 6, 6, 0]], dashArrayY: [6, 0] }),
    soft({ symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 2 }),
  ];
  const FLAGS = {
    H: { symbol: "triangle", symbolSize: 10, itemStyle: { color: "#8a5a00" } },
    HH: { symbol: "triangle", symbolSize: 14, itemStyle: { color: "#7a2a0a" } },
    L: { symbol: "triangle", symbolRotate: 180, symbolSize: 10, itemStyle: { color: "#2f6690" } },
    LL: { symbol: "triangle", symbolRotate: 180, symbolSize: 14, itemStyle: { color: "#7a2a0a" } },
  };
  const FLAG_WORDS = { H: "high", HH: "critically high", L: "low", LL: "critically low" };
  const DAY = 86400000;

  const number = (value, decimals = 1) =>
    value == null ? "–" : Number(value).toFixed(decimals).replace("-", "−");
  const signed = (value, decimals = 1) => (value > 0 ? "+" : "") + number(value, decimals);
  const day = (date) =>
    new Date(date).toLocaleDateString("en-GB", { day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" });

  const axis = (more = {}) => ({
    axisLine: { show: true, lineStyle: { color: LINE } },
    axisTick: { show: false },
    axisLabel: { color: SOFT, fontSize: 12, hideOverlap: true },
    splitLine: { show: false },
    nameTextStyle: { color: SOFT, fontSize: 12 },
    ...more,
  });
  const across = (name, more = {}) =>
    axis({ type: "value", name, nameLocation: "middle", nameGap: 28, splitLine: { show: true, lineStyle: { color: "#edf1f4" } }, ...more });
  const upright = (name, more = {}) =>
    axis({ type: "value", name, nameLocation: "end", nameGap: 14, axisLine: { show: false }, splitLine: { show: true, lineStyle: { color: "#edf1f4" } }, ...more });
  /* Names stand left of a vertical axis end; aligned left they do not leave the picture. */
  const leftName = { nameTextStyle: { color: SOFT, fontSize: 12, align: "left", padding: [0, 0, 0, -28] } };

  /* Rich text is drawn inside the SVG; an HTML tip would need inline styles, which the policy forbids. */
  const tip = (formatter, trigger = "item") => ({
    trigger, formatter, renderMode: "richText", confine: true, transitionDuration: 0,
    backgroundColor: "#fff", borderColor: "#7b8794", borderWidth: 1, padding: [6, 10],
    textStyle: { color: INK, fontSize: 12, fontFamily: "Inter, sans-serif" },
  });
  const grid = (more = {}) => ({ left: 8, right: 16, top: 34, bottom: 8, containLabel: true, ...more });
  const frame = (parts) => ({
    animation: false,
    textStyle: { fontFamily: "Inter, sans-serif", color: INK },
    aria: { enabled: false },
    ...parts,
  });

  /* Whiskers from data [x, y, low, high]; `horizontal` draws the range along x. */
  function whiskers(data, horizontal, more = {}) {
    const renderItem = (params, api) => {
      const [at, low, high] = horizontal ? [api.value(1), api.value(2), api.value(3)] : [api.value(0), api.value(2), api.value(3)];
      const ends = [low, high].map((end) => api.coord(horizontal ? [end, at] : [at, end]));
      const cap = (point) => (horizontal
        ? { x1: point[0], x2: point[0], y1: point[1] - 5, y2: point[1] + 5 }
        : { x1: point[0] - 4, x2: point[0] + 4, y1: point[1], y2: point[1] });
      const stroke = { stroke: INK, lineWidth: 1.5 };
      const bar = { x1: ends[0][0], y1: ends[0][1], x2: ends[1][0], y2: ends[1][1] };
      return { type: "group", children: [bar, ...ends.map(cap)].map((shape) => ({ type: "line", shape, style: stroke })) };
    };
    const encode = horizontal ? { x: [2, 3], y: 1 } : { x: 0, y: [2, 3] };
    return { type: "custom", renderItem, data, encode, silent: true, z: 3, ...more };
  }

  /* {kind: "trend", label, unit, decimals, gap_days: 400, reference: {low, high, label},
      points: [{date, value, flag, note, low, high}]}   low and high of a point are its own range */
  function trend(spec) {
    const gap = (spec.gap_days ?? 400) * DAY;
    const data = [];
    let before = null;
    for (const point of spec.points) {
      const at = Date.parse(point.date);
      if (before !== null && at - before > gap) data.push({ value: [(at + before) / 2, null] });
      data.push({ value: [at, point.value], point, ...FLAGS[point.flag] });
      before = at;
    }
    const band = spec.reference || {};
    /* Unseen points at the ends of the band: the axis then takes in the band and still has round ends. */
    const ends = [band.low, band.high].filter((end) => end != null).map((end) => [Date.parse(spec.points[0].date), end]);
    const area = [{ name: band.label || "reference", yAxis: band.low ?? undefined }, { yAxis: band.high ?? undefined }];
    const told = ({ data: { point } }) => [
      day(point.date), `${spec.label} ${number(point.value, spec.decimals)} ${spec.unit || ""}`,
      point.low != null && `likely ${number(point.low, spec.decimals)}–${number(point.high, spec.decimals)}`,
      FLAG_WORDS[point.flag], point.note,
    ].filter(Boolean).join("\n");
    const ranged = spec.points.filter((point) => point.low != null);
    return frame({
      grid: grid(),
      tooltip: tip(told),
      xAxis: axis({ type: "time", minInterval: 28 * DAY, boundaryGap: ["2%", "3%"], axisLabel: { color: SOFT, fontSize: 12, hideOverlap: true } }),
      yAxis: upright(spec.unit, { ...leftName, scale: true }),
      series: [
        {
          type: "line", data, symbol: "circle", symbolSize: 7, connectNulls: false, z: 4, showAllSymbol: true,
          lineStyle: { color: SOFT, width: 1.5 }, itemStyle: { color: INK },
          markArea: band.low != null || band.high != null
            ? { silent: true, itemStyle: { color: BAND }, label: { color: SOFT, fontSize: 11, position: "insideTopLeft" }, data: [area] }
            : undefined,
        },
        { type: "scatter", symbol: "none", silent: true, data: ends },
        whiskers(ranged.map((point) => [Date.parse(point.date), point.value, point.low, point.high]), false),
      ],
    });
  }

  /* {kind: "contributions", unit: "percentage points", items: [{label, points}]}   in order of size, "others" last */
  function contributions(spec) {
    const most = Math.max(...spec.items.map((item) => Math.abs(item.points))) * 1.25;
    return frame({
      grid: grid({ top: 8, bottom: 30 }),
      tooltip: tip(({ name, value }) => `${name}\n${signed(value)} ${spec.unit || "percentage points"}`),
      xAxis: across(spec.unit || "percentage points", { min: -most, max: most, nameGap: 10, axisLabel: { show: false }, splitLine: { show: false } }),
      yAxis: axis({ type: "category", inverse: true, data: spec.items.map((item) => item.label), axisLine: { show: false }, axisLabel: { color: INK, fontSize: 12, lineHeight: 14, width: 210, overflow: "break" } }),
      series: [{
        type: "bar", barMaxWidth: 18,
        data: spec.items.map(({ points }) => ({
          value: points, itemStyle: { color: points > 0 ? RAISED : LOWERED },
          label: { position: points > 0 ? "right" : "left" },
        })),
        label: { show: true, color: INK, fontSize: 12, formatter: ({ value }) => signed(value) },
        markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: SOFT, type: "solid" }, data: [{ xAxis: 0 }] },
      }],
    });
  }

  /* {kind: "interval", max: 100, items: [{label, value, low, high, tier}], cuts: [{at, label}]}   in 100 */
  function interval(spec) {
    const cuts = (spec.cuts || []).map(({ at, label }) => ({ xAxis: at, label: { formatter: label, position: "start" } }));
    return frame({
      grid: grid({ top: 24, bottom: 30 }),
      tooltip: tip(({ data: { item } }) => `${item.label}\n${number(item.value)} in 100, likely ${number(item.low)}–${number(item.high)}`),
      xAxis: across("in 100", { min: 0, max: spec.max || 100 }),
      yAxis: axis({ type: "category", inverse: true, data: spec.items.map((item) => item.label), axisLabel: { color: INK, fontSize: 12, width: 190, overflow: "break" } }),
      series: [
        {
          type: "scatter", symbolSize: 13, z: 4,
          data: spec.items.map((item, at) => ({ value: [item.value, at], item, itemStyle: { color: TIERS[item.tier] || ACTION, borderColor: INK, borderWidth: 1, opacity: 1 } })),
          markLine: { silent: true, symbol: "none", lineStyle: { color: "#7b8794", type: "dashed" }, label: { color: SOFT, fontSize: 11 }, data: cuts },
        },
        whiskers(spec.items.map((item, at) => [item.value, at, item.low, item.high]), true),
      ],
    });
  }

  /* {kind: "peers", who: "Women aged 57–67, n = 412", axes: [{label, text, percentile}]}   outside = worse */
  function peers(spec) {
    return frame({
      grid: grid({ top: 24, bottom: 30 }),
      tooltip: tip(({ data: { item } }) => `${item.label} ${item.text || ""}\nless favourable than in ${number(item.percentile, 0)} of 100 peers`),
      xAxis: across("less favourable than in … of 100 peers", { min: 0, max: 100, interval: 25 }),
      yAxis: axis({ type: "category", inverse: true, data: spec.axes.map((item) => item.label), axisLabel: { color: INK, fontSize: 12 }, splitLine: { show: true, lineStyle: { color: "#edf1f4" } } }),
      series: [{
        type: "scatter", symbolSize: 12, itemStyle: { color: ACTION, borderColor: "#fff", borderWidth: 1, opacity: 1 },
        data: spec.axes.map((item, at) => ({ value: [item.percentile, at], item, label: { position: item.percentile > 70 ? "left" : "right" } })),
        label: { show: true, color: INK, fontSize: 12, formatter: ({ data: { item } }) => item.text || "" },
        markArea: { silent: true, itemStyle: { color: BAND }, label: { color: SOFT, fontSize: 11, position: "insideTop", distance: -16 }, data: [[{ name: "middle half", xAxis: 25 }, { xAxis: 75 }]] },
        markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: SOFT, type: "dashed" }, data: [{ xAxis: 50 }] },
      }],
    });
  }

  /* {kind: "radar", who, axes: [{label, text, percentile}]}   as peers; at most eight axes, outside = worse */
  function radar(spec) {
    const ring = (name, value, more) => ({ name, value: spec.axes.map(() => value), symbol: "none", ...more });
    return frame({
      legend: { bottom: 0, itemWidth: 22, textStyle: { color: SOFT, fontSize: 12 }, data: ["This person", "Median of peers", "Middle half of peers"] },
      tooltip: tip(() => spec.axes.map((item) => `${item.label}: percentile ${number(item.percentile, 0)}`).join("\n")),
      radar: {
        indicator: spec.axes.map((item) => ({ name: item.label, max: 100 })), radius: "68%", center: ["50%", "46%"], splitNumber: 4,
        axisName: { color: INK, fontSize: 12 }, splitArea: { show: false }, splitLine: { lineStyle: { color: LINE } }, axisLine: { lineStyle: { color: LINE } },
      },
      series: [{
        type: "radar",
        data: [
          ring("Middle half of peers", 75, { areaStyle: { color: BAND, opacity: 1 }, lineStyle: { color: "#c3ced8" }, itemStyle: { color: "#c3ced8" } }),
          ring("inner edge", 25, { areaStyle: { color: "#fff", opacity: 1 }, lineStyle: { color: "#c3ced8" } }),
          ring("Median of peers", 50, { lineStyle: { color: SOFT, type: "dashed" }, itemStyle: { color: SOFT } }),
          { name: "This person", value: spec.axes.map((item) => item.percentile), symbolSize: 6, lineStyle: { color: ACTION, width: 2 }, itemStyle: { color: ACTION } },
        ],
      }],
    });
  }

  /* {kind: "calibration", max: 40, bins: [{predicted, observed, low, high, n}]}   in percent, counts below */
  function calibration(spec) {
    const most = spec.max || 100;
    const told = ({ data: { bin } }) => `Predicted ${number(bin.predicted)} %\nObserved ${number(bin.observed)} % (${number(bin.low)}–${number(bin.high)})\n${bin.n} people`;
    return frame({
      tooltip: tip(told),
      grid: [grid({ left: 52, right: 20, top: 28, bottom: "36%", containLabel: false }), grid({ left: 52, right: 20, top: "76%", bottom: 46, containLabel: false })],
      xAxis: [across("", { gridIndex: 0, min: 0, max: most }), across("predicted risk, %", { gridIndex: 1, min: 0, max: most, containShape: false, splitLine: { show: false } })],
      yAxis: [upright("observed, %", { gridIndex: 0, min: 0, max: most, ...leftName }), upright("people", { gridIndex: 1, splitNumber: 2, ...leftName })],
      series: [
        { type: "line", symbol: "none", silent: true, data: [[0, 0], [most, most]], lineStyle: { color: "#7b8794", type: "dashed", width: 1 } },
        { type: "line", symbolSize: 9, z: 4, lineStyle: { color: ACTION, width: 1 }, itemStyle: { color: ACTION }, data: spec.bins.map((bin) => ({ value: [bin.predicted, bin.observed], bin })) },
        whiskers(spec.bins.map((bin) => [bin.predicted, bin.observed, bin.low, bin.high]), false, { clip: true }),
        { type: "bar", xAxisIndex: 1, yAxisIndex: 1, barWidth: 10, itemStyle: { color: "#9fb3c8" }, data: spec.bins.map((bin) => ({ value: [bin.predicted, bin.n], bin })) },
      ],
    });
  }

  const legend = (series) => (series.length > 1 ? { top: 0, right: 8, textStyle: { color: SOFT, fontSize: 12 }, data: series.map(({ name }) => ({ name })) } : undefined);

  /* {kind: "bars", unit, decimals, horizontal, stacked, categories: [text], series: [{name, values}]} */
  function bars(spec) {
    const names = axis({ type: "category", data: spec.categories, inverse: Boolean(spec.horizontal), axisLabel: { color: INK, fontSize: 12 } });
    const values = spec.horizontal ? across(spec.unit) : upright(spec.unit, leftName);
    return frame({
      aria: { enabled: true, label: { enabled: false }, decal: { show: spec.series.length > 1, decals: DECALS } },
      grid: grid(spec.horizontal ? { bottom: 30 } : {}),
      legend: legend(spec.series),
      tooltip: tip(({ seriesName, name, value }) => `${name}${spec.series.length > 1 ? `, ${seriesName}` : ""}\n${number(value, spec.decimals ?? 0)} ${spec.unit || ""}`),
      xAxis: spec.horizontal ? values : names,
      yAxis: spec.horizontal ? names : values,
      series: spec.series.map(({ name, values: data }, at) => ({ type: "bar", name, data, barMaxWidth: 36, stack: spec.stacked ? "all" : undefined, itemStyle: { color: SERIES[at % SERIES.length] } })),
    });
  }

  /* {kind: "lines", decimals, x: {label, min, max}, y: {label, min, max}, series: [{name, points: [[x, y]], plain}]}
     plain: no symbols, thin and grey, for a line of comparison */
  function lines(spec) {
    return frame({
      grid: grid({ bottom: 30 }),
      legend: legend(spec.series),
      tooltip: tip(({ seriesName, value }) => `${seriesName}\n${spec.x.label} ${number(value[0], spec.decimals)}\n${spec.y.label} ${number(value[1], spec.decimals)}`),
      xAxis: across(spec.x.label, { min: spec.x.min, max: spec.x.max, scale: true }),
      yAxis: upright(spec.y.label, { min: spec.y.min, max: spec.y.max, scale: true, ...leftName }),
      series: spec.series.map(({ name, points, plain }, at) => ({
        type: "line", name, data: points, symbolSize: 6, symbol: plain ? "none" : SYMBOLS[at % SYMBOLS.length],
        lineStyle: { color: plain ? "#7b8794" : SERIES[at % SERIES.length], type: DASHES[at % DASHES.length], width: plain ? 1 : 2 },
        itemStyle: { color: plain ? "#7b8794" : SERIES[at % SERIES.length] },
      })),
    });
  }

  return { trend, contributions, interval, peers, radar, calibration, bars, lines };
})();
