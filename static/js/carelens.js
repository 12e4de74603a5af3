/* Behaviour of every page. Pages work without it; each part looks for its own data- attribute:
     data-search            the field that "/" goes to
     data-worklist          a table whose rows carry one <a data-row-link>; j and k move between them
     data-tabs              a <nav> of anchors to .tab-panel sections: becomes ARIA tabs
     data-menu              a <details> that closes on Esc, on a click elsewhere and when another opens
     data-show-password     a form whose password fields get a show button
     data-density-toggle    compact display, kept in a cookie that base.html reads
     data-keyboard-help     opens the help that "?" opens
     data-print             prints the page
     data-poll              an element refreshed by hx-trigger="every ...": waits while out of sight or in use
     data-poll-toggle="id"  a button that pauses and resumes the refreshing of that element
     data-idle="seconds"    warns before the log-out of who is away, and leads to the log-in page after it
     data-focus             inside swapped content: receives the focus
     data-announce="text"   inside swapped content: is read out; so is an "announce" event of an HX-Trigger header */
(() => {
  "use strict";

  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (element) => element.matches("input, textarea, select, [contenteditable]");
  const SHORTCUTS = "carelens-shortcuts";

  /* --- speaking ------------------------------------------------------------- */

  function announce(text) {
    const region = find("#announcer");
    if (!region || !text) return;
    region.textContent = "";
    /* A change in two steps is read even when the text is the same as before. */
    window.setTimeout(() => { region.textContent = text; }, 50);
  }

  function showProblem(text) {
    const notice = document.createElement("div");
    notice.className = "notice notice-danger";
    notice.setAttribute("role", "alert");
    notice.textContent = text;
    find("#notices")?.replaceChildren(notice);
  }

  /* --- htmx ----------------------------------------------------------------- */

  const PROBLEMS = {
    0: "No answer from the server. Check the connection; nothing was changed on this page.",
    403: "You may not do this, or the page has been open too long. Reload it and try again.",
    404: "This is no longer there. Reload the page.",
    409: "Someone else changed this in the meantime. Reload the page to see it.",
    429: "Too many requests. Wait a moment and try again.",
  };

  function problemText(status) {
    return PROBLEMS[status] || "That did not work, and nothing was changed on this page. Try again.";
  }

  function refocus(event) {
    const target = event.detail.target;
    const byPerson = event.detail.requestConfig?.triggeringEvent;
    const wanted = find("[data-focus]", target);
    const said = find("[data-announce]", target);
    if (said) announce(said.dataset.announce);
    if (!byPerson) return;
    const lost = document.activeElement === document.body;
    const next = wanted || (lost && focusable(event.detail.elt) || null);
    if (next) {
      if (!next.hasAttribute("tabindex") && !next.matches("a, button, input, select, textarea")) next.tabIndex = -1;
      next.focus({ preventScroll: !wanted });
    }
  }

  /* After an outer swap the element of the event is the new one; the replaced button is gone. */
  function focusable(element) {
    return element.isConnected ? element : find("main");
  }

  function held(element) {
    const active = document.activeElement;
    const inUse = element.contains(active) && (typing(active) || active.closest("details[open]"));
    return document.hidden || element.dataset.poll === "paused" || inUse;
  }

  function listenToHtmx() {
    document.addEventListener("htmx:configRequest", (event) => {
      const token = find("meta[name=csrf-token]")?.content;
      if (token) event.detail.headers["X-CSRFToken"] = token;
    });
    document.addEventListener("htmx:beforeRequest", (event) => {
      const element = event.detail.elt;
      if (element.hasAttribute("data-poll") && held(element)) event.preventDefault();
    });
    document.addEventListener("htmx:beforeSwap", (event) => {
      /* A session that has ended answers with the log-in page, which is no part of this one. */
      if (new URL(event.detail.xhr.responseURL || location.href).pathname !== "/login/") return;
      event.detail.shouldSwap = false;
      showProblem("Your session has ended. Reload the page to log in again.");
    });
    document.addEventListener("htmx:afterSettle", refocus);
    document.addEventListener("htmx:responseError", (event) => showProblem(problemText(event.detail.xhr.status)));
    document.addEventListener("htmx:sendError", () => showProblem(problemText(0)));
    document.addEventListener("htmx:timeout", () => showProblem(problemText(0)));
    document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
    document.addEventListener("announce", (event) => announce(event.detail.value));
  }

  /* --- tabs ----------------------------------------------------------------- */

  const panelOf = (tab) => document.getElementById(tab.hash.slice(1));

  function selectTab(tabs, chosen) {
    for (const tab of tabs) {
      const selected = tab === chosen;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      panelOf(tab).hidden = !selected;
    }
  }

  function tabAfter(tabs, current, key) {
    const at = tabs.indexOf(current);
    const places = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    return key in places ? tabs[(places[key] + tabs.length) % tabs.length] : null;
  }

  function tabOf(tabs, id) {
    const target = id && document.getElementById(id);
    return target && tabs.find((tab) => panelOf(tab).contains(target));
  }

  function makeTabs(list) {
    const tabs = all("a", list).filter(panelOf);
    if (!tabs.length || list.getAttribute("role") === "tablist") return;
    list.setAttribute("role", "tablist");
    tabs.forEach((tab, at) => {
      const panel = panelOf(tab);
      tab.id ||= `${panel.id}-tab`;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      if (at === 0) selectTab(tabs, tab);
      tab.addEventListener("click", (event) => {
        event.preventDefault();
        history.replaceState(null, "", tab.hash);
        selectTab(tabs, tab);
      });
    });
    list.addEventListener("keydown", (event) => {
      const next = tabAfter(tabs, document.activeElement, event.key);
      if (!next) return;
      event.preventDefault();
      next.click();
      next.focus();
    });
    /* An address or a link may point into a hidden panel, such as a driver to its trend. */
    const follow = () => {
      const tab = tabOf(tabs, location.hash.slice(1));
      if (!tab) return;
      selectTab(tabs, tab);
      document.getElementById(location.hash.slice(1)).scrollIntoView();
    };
    window.addEventListener("hashchange", follow);
    follow();
  }

  /* --- passwords, density, polling -------------------------------------------- */

  function addReveal(field) {
    if (field.parentElement.classList.contains("input-reveal")) return;
    const row = document.createElement("div");
    const button = document.createElement("button");
    row.className = "input-reveal";
    button.type = "button";
    button.className = "btn btn-outline-secondary";
    button.textContent = "Show";
    button.setAttribute("aria-label", "Show password");
    button.setAttribute("aria-pressed", "false");
    field.replaceWith(row);
    row.append(field, button);
    button.addEventListener("click", () => {
      const show = field.type === "password";
      field.type = show ? "text" : "password";
      button.setAttribute("aria-pressed", String(show));
      button.textContent = show ? "Hide" : "Show";
    });
  }

  function toggleDensity(button) {
    const compact = document.documentElement.dataset.density !== "compact";
    if (compact) document.documentElement.dataset.density = "compact";
    else delete document.documentElement.dataset.density;
    button.setAttribute("aria-pressed", String(compact));
    document.cookie = `density=${compact ? "compact" : "normal"}; path=/; max-age=31536000; samesite=lax`;
  }

  function togglePolling(button) {
    const element = document.getElementById(button.dataset.pollToggle);
    const paused = element.dataset.poll !== "paused";
    element.dataset.poll = paused ? "paused" : "";
    button.setAttribute("aria-pressed", String(paused));
    announce(paused ? "Updates paused" : "Updates resumed");
  }

  /* --- log-out of the idle ------------------------------------------------------- */

  const SEEN = "carelens-seen"; /* shared by all windows: using one keeps all open */
  const WARNING = 120;
  const GRACE = 60; /* seconds: the server notes use once a minute only */

  const noteUse = () => localStorage.setItem(SEEN, String(Date.now()));

  function watchIdle(box) {
    const limit = Number(box.dataset.idle);
    const notice = find(".notice", box);
    const check = () => {
      const unused = (Date.now() - Number(localStorage.getItem(SEEN) || Date.now())) / 1000;
      notice.hidden = unused < limit - GRACE - WARNING;
      if (unused < limit + 5) return; /* from here on the server has ended the session */
      const here = encodeURIComponent(location.pathname + location.search);
      location.assign(`${box.dataset.loginUrl}?idle=1&next=${here}`);
    };
    find("[data-stay]", box).addEventListener("click", async () => {
      const headers = { "X-CSRFToken": find("meta[name=csrf-token]").content };
      const answer = await fetch(box.dataset.stayUrl, { method: "POST", headers }).catch(() => null);
      if (answer?.status !== 204) {
        showProblem("That did not work. Keep a copy of what you typed, and reload the page.");
        return;
      }
      noteUse();
      check();
      find("main").focus({ preventScroll: true });
      announce("You stay logged in.");
    });
    document.addEventListener("htmx:afterRequest", (event) => {
      const config = event.detail.requestConfig;
      const polls = event.detail.elt.hasAttribute("data-poll");
      if (event.detail.successful && config?.triggeringEvent && !polls) noteUse();
    });
    noteUse();
    window.setInterval(check, 5000);
    document.addEventListener("visibilitychange", check);
  }

  /* --- menus and keys ----------------------------------------------------------- */

  function closeMenus(except) {
    for (const menu of all("details[data-menu][open]")) if (menu !== except) menu.open = false;
  }

  function openHelp() {
    const help = find("#keyboard-help");
    find("[data-shortcuts-switch]", help).checked = shortcutsOn();
    closeMenus();
    help.showModal();
  }

  const shortcutsOn = () => localStorage.getItem(SHORTCUTS) !== "off";

  function moveRow(step) {
    const links = all("[data-worklist] [data-row-link]");
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
  }

  const KEYS = {
    "/": () => find("[data-search]")?.focus(),
    "?": openHelp,
    j: () => moveRow(1),
    k: () => moveRow(-1),
  };

  function onKey(event) {
    if (event.key === "Escape") {
      const menu = document.activeElement.closest("details[data-menu][open]");
      closeMenus();
      if (menu) find("summary", menu).focus();
      return;
    }
    const free = !(event.ctrlKey || event.metaKey || event.altKey || typing(event.target));
    const action = Object.hasOwn(KEYS, event.key) && KEYS[event.key];
    if (!free || !action || !shortcutsOn() || find("dialog[open]")) return;
    event.preventDefault();
    action();
  }

  const CLICKS = {
    "[data-density-toggle]": toggleDensity,
    "[data-keyboard-help]": openHelp,
    "[data-poll-toggle]": togglePolling,
    "[data-print]": () => window.print(),
  };

  function onClick(event) {
    closeMenus(event.target.closest("details[data-menu]"));
    for (const [selector, action] of Object.entries(CLICKS)) {
      const element = event.target.closest(selector);
      if (element) action(element);
    }
  }

  function onChange(event) {
    if (event.target.matches("[data-shortcuts-switch]")) {
      localStorage.setItem(SHORTCUTS, event.target.checked ? "on" : "off");
    }
  }

  function enhance(root) {
    all("[data-tabs]", root).forEach(makeTabs);
    all("[data-show-password] input[type=password]", root).forEach(addReveal);
  }

  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("change", onChange);
  listenToHtmx();
  enhance(document);
  all("[data-idle]").forEach(watchIdle);
})();
