/* The icons the pages use (Bootstrap Icons) and the tier marks, which no icon set has. */
export const ICONS = [
  "activity", "arrow-clockwise", "arrow-down", "arrow-left", "arrow-right", "arrow-up",
  "bandaid", "bar-chart", "box-arrow-right", "bullseye", "calendar-event", "capsule",
  "chat-left-text", "check", "check-circle", "chevron-down", "chevron-left", "chevron-right",
  "chevron-up", "clipboard2-pulse", "clock", "clock-history", "cpu", "dash", "dash-circle",
  "download", "droplet", "envelope", "exclamation-circle", "exclamation-octagon",
  "exclamation-triangle", "eye", "eye-slash", "file-earmark-text", "filter", "graph-up",
  "heart-pulse", "hospital", "hourglass-split", "inbox", "info-circle", "journal-medical",
  "keyboard", "lightbulb", "list-check", "pause", "pencil", "people", "person",
  "person-circle", "person-fill", "play", "plus", "printer", "question-circle", "search",
  "shield-check", "shield-lock", "slash-circle", "sliders", "table", "upload", "watch", "x",
  "x-circle",
];

const RING = '<circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5"/>';

/** Empty, quarter, half and full: the order is seen without colour. */
export const TIERS = {
  "tier-none": '<circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.4 2"/>',
  "tier-low": RING,
  "tier-moderate": `${RING}<path d="M8 8V1.75A6.25 6.25 0 0 1 14.25 8Z" fill="currentColor"/>`,
  "tier-high": `${RING}<path d="M8 1.75a6.25 6.25 0 0 1 0 12.5Z" fill="currentColor"/>`,
  "tier-very_high": '<circle cx="8" cy="8" r="7" fill="currentColor"/>',
};
