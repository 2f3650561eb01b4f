"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const rows = (id) => JSON.parse(byId(id).textContent);
  const app = byId("app");
  const started = performance.now();
  const words = rows("words"), documents = rows("documents"), targets = rows("targets");
  const findings = rows("findings"), entries = rows("entries");
  const STATUSES = ["broken", "redirected", "unreachable", "blocked", "skipped", "ok"];
  const SEVERITIES = ["error", "warning", "note"];
  const AT_ONCE = 40;

  // --- what belongs together ---------------------------------------------------------------------

  const targetOf = new Map(targets.map((one) => [one.i, one]));
  const documentOf = new Map(documents.map((one) => [one.p, one]));
  for (const finding of findings) {
    const target = targetOf.get(finding.t);
    if (target) (target.fi ||= []).push(finding);
  }
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const targetsOf = (entry) => [entry.ar, ...(entry.pa || []).map((one) => one.i), ...(entry.co || []), ...(entry.ot || [])]
    .map((id) => targetOf.get(id)).filter(Boolean);
  const datesOf = (links) => links.map((link) => link[3]).filter(Boolean).sort();
  const wordsOf = (target) => [target.t, target.u, (target.b || []).join(" "), target.a, target.v, target.i,
    ...(target.w || []).map((link) => link[4])].filter(Boolean).join("\n");

  function dated(item, dates) {
    item.$dates = dates.filter(Boolean);
    item.$date = item.$dates[item.$dates.length - 1] || "";
  }
  // One target may stand in several entries of a document: the link that follows the entry's first line is its own.
  function ownDate(entry, members) {
    const here = members.flatMap((one) => one.w || []).filter((link) => link[0] === entry.d && link[3]);
    const own = here.filter((link) => link[1] >= entry.l).sort((a, b) => a[1] - b[1])[0];
    return own ? own[3] : datesOf(here).pop() || (documentOf.get(entry.d) || {}).d;
  }
  function known(item, text, members) {
    item.$text = plain(text);
    item.$members = members;
    item.$findings = members.flatMap((one) => one.fi || []);
    item.$stars = Math.max(-1, ...members.map((one) => one.st ?? -1));
    item.$worst = Math.min(...members.map((one) => STATUSES.indexOf(one.s)), STATUSES.length);
    return item;
  }
  for (const target of targets) {
    known(target, wordsOf(target), [target]);
    dated(target, datesOf(target.w || []));
    target.$documents = new Set((target.w || []).map((link) => link[0]));
  }
  for (const entry of entries) {
    const members = targetsOf(entry);
    known(entry, [entry.t, (entry.se || []).join(" "), (entry.to || []).join(" "), (entry.au || []).join(" "), entry.re, entry.ab,
      ...(entry.pa || []).map((one) => one.t), ...members.map(wordsOf)].filter(Boolean).join("\n"), members);
    dated(entry, [ownDate(entry, members)]);
    entry.$documents = new Set([entry.d]);
  }
  for (const finding of findings) {
    const target = targetOf.get(finding.t);
    known(finding, [finding.c, finding.m, finding.d, target && wordsOf(target)].filter(Boolean).join("\n"), target ? [target] : []);
    finding.$findings = [finding];
    const link = ((target && target.w) || []).find((one) => one[0] === finding.d && one[1] === finding.l);
    dated(finding, [(link && link[3]) || (documentOf.get(finding.d) || {}).d]);
    finding.$documents = new Set([finding.d]);
  }

  // --- what is chosen; it lives in the address ---------------------------------------------------

  const FIELDS = ["view", "q", "status", "kind", "finding", "reason", "document", "topic", "host", "from", "until", "sort", "id"];
  const chosen = {};
  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const name of FIELDS) chosen[name] = given.get(name) || "";
    const said = FIELDS.some((name) => chosen[name]);
    if (!["entries", "targets", "findings"].includes(chosen.view)) chosen.view = entries.length ? "entries" : "targets";
    return said;
  }
  function write() {
    const kept = new URLSearchParams(FIELDS.filter((name) => chosen[name]).map((name) => [name, chosen[name]]));
    history.replaceState(null, "", "#" + kept);
  }

  const has = (members, name, value) => members.some((one) => one[name] === value);
  function tests() {
    const c = chosen, list = [];
    if (c.q) {
      const terms = plain(c.q).split(/\s+/).filter(Boolean);
      list.push((item) => terms.every((term) => item.$text.includes(term)));
    }
    if (c.status) list.push((item) => has(item.$members, "s", c.status));
    if (c.kind) list.push((item) => has(item.$members, "k", c.kind));
    if (c.reason) list.push((item) => has(item.$members, "r", c.reason));
    if (c.host) list.push((item) => has(item.$members, "o", c.host));
    if (c.id) list.push((item) => has(item.$members, "i", c.id));
    if (c.finding) list.push((item) => item.$findings.some((one) => one.c === c.finding));
    if (c.document) list.push((item) => item.$documents.has(c.document));
    if (c.topic) list.push((item) => (item.to || []).includes(c.topic));
    if (c.from || c.until) {
      const within = (date) => (!c.from || date.slice(0, c.from.length) >= c.from) && (!c.until || date.slice(0, c.until.length) <= c.until);
      list.push((item) => item.$dates.some(within));
    }
    return list;
  }
  const compared = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  // Targets come by their ids, entries and findings by their places.
  function byPlace(a, b) {
    const [one, other] = [a, b].map((target) => (target.w && target.w[0]) || ["", 0, 0]);
    return compared(one[0], other[0]) || one[1] - other[1] || one[2] - other[2];
  }
  const ORDERS = {
    stars: (a, b) => b.$stars - a.$stars,
    date: (a, b) => (a.$date < b.$date ? 1 : a.$date > b.$date ? -1 : 0),
    status: (a, b) => a.$worst - b.$worst,
    title: (a, b) => (a.t || a.u || "").localeCompare(b.t || b.u || ""),
    severity: (a, b) => SEVERITIES.indexOf(a.s) - SEVERITIES.indexOf(b.s),
  };
  function found() {
    const list = tests();
    const all = { entries, targets, findings }[chosen.view];
    const kept = list.length ? all.filter((item) => list.every((test) => test(item))) : all.slice();
    const order = ORDERS[chosen.sort] || { findings: ORDERS.severity, targets: byPlace }[chosen.view];
    return order ? kept.sort(order) : kept;
  }

  // --- making elements; text is never markup -----------------------------------------------------

  function make(tag, given, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(given || {})) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((one) => one !== null && one !== undefined && one !== ""));
    return element;
  }
  const svg = (tag, given) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
    return element;
  };
  const link = (one, text) => (one.h && /^https?:/i.test(one.h)
    ? make("a", { href: one.h, rel: "noopener noreferrer" }, text || one.u) : make("span", {}, text || one.u));
  const badge = (status) => make("span", { class: "badge s-" + status }, words["status:" + status]);
  const number = (value) => value.toLocaleString(document.documentElement.lang);

  function spark(points) {
    const values = points.map((one) => one[1]), low = Math.min(...values), span = Math.max(1, Math.max(...values) - low);
    const told = `${points[0][0]}: ${number(values[0])} → ${points[points.length - 1][0]}: ${number(values[values.length - 1])}`;
    const drawn = svg("svg", { class: "spark", viewBox: "0 0 80 18", role: "img", "aria-label": told });
    const step = 76 / Math.max(1, values.length - 1);
    drawn.append(svg("polyline", { points: values.map((value, at) => `${2 + at * step},${16 - ((value - low) / span) * 14}`).join(" ") }));
    return drawn;
  }

  function facts(target) {
    const told = [];
    const by = target.b || [];
    if (by.length) told.push(by.slice(0, 4).join(", ") + (by.length > 4 ? " …" : ""));
    if (target.p) told.push(target.p);
    if (target.v) told.push(target.v);
    if (target.la) told.push(target.la);
    if (target.li) told.push(target.li);
    if (target.pu) told.push(`${words.last_push} ${target.pu}`);
    const line = make("small", {}, told.join(" · "));
    if (target.st !== undefined) line.append(told.length ? " · " : "", make("b", {}, `★ ${number(target.st)} `));
    if (target.x) line.append(spark(target.x), " ");
    if (target.ar) line.append(" ", make("span", { class: "chip" }, words.archived));
    return line;
  }
  function verdict(target) {
    const line = make("span", {}, badge(target.s));
    if (target.s === "ok") return line;
    const told = [target.r, target.d, target.c && words.confirmed, target.f && `${words.failing_since} ${target.f}`,
      target.s !== "redirected" && target.l && `${words.last_ok} ${target.l}`].filter(Boolean);
    line.append(" ", make("small", {}, told.join(" · ")));
    if (target.g) line.append(" ", make("small", {}, `${words.try} `, link(target.g)));
    return line;
  }
  const place = (one) => [one.d, one.l, one.o].filter((part) => part !== undefined).join(":");
  function findingLine(one, withPlace) {
    const line = make("span", { class: "finding " + one.s }, make("b", {}, one.c), " ", one.m);
    if (one.g && !one.m.includes(one.g.u)) line.append(` · ${words.try} `, link(one.g));
    if (withPlace && one.d) line.append(" ", make("small", {}, place(one)));
    return line;
  }
  const lines = (list, withPlace) => list.slice(0, 8).map((one) => findingLine(one, withPlace));
  const abstract = (text) => text && make("details", {}, make("summary", {}, words.abstract), make("p", { class: "abstract" }, text));
  const permalink = (target) => make("a", { href: "#view=targets&id=" + encodeURIComponent(target.i), "aria-label": `${words.permalink}: ${target.t || target.u}` }, "¶");

  function member(target, note, name) {
    const item = make("li", {}, name ? make("span", { class: "chip" }, name) : "", " ", link(target, target.t || target.u), " ", permalink(target),
      make("div", {}, verdict(target), " ", facts(target)));
    if (note && target.t && plain(note) !== plain(target.t)) item.append(make("div", {}, make("small", {}, `“${note}”`)));
    if (target.k !== "github") item.append(abstract(target.a) || "");
    else if (target.a) item.append(make("div", {}, make("small", {}, target.a)));
    return item;
  }

  function entryCard(entry) {
    const article = targetOf.get(entry.ar);
    const head = make("h3", {}, entry.n ? `${entry.n}. ` : "", entry.t || (article && (article.t || article.u)) || (entry.$members[0] || {}).t || `${entry.d}:${entry.l}`);
    if (entry.ra) head.append(make("span", { role: "img", "aria-label": `${entry.ra} ★` }, "★".repeat(entry.ra)));
    for (const topic of entry.to || []) head.append(make("span", { class: "chip" }, topic));
    const list = make("ul", {});
    if (article) list.append(member(article, null, words.article));
    for (const paper of entry.pa || []) if (targetOf.has(paper.i)) list.append(member(targetOf.get(paper.i), paper.t, words.paper));
    for (const id of entry.co || []) if (targetOf.has(id)) list.append(member(targetOf.get(id), null, words.code));
    for (const id of entry.ot || []) if (targetOf.has(id)) list.append(member(targetOf.get(id), null, words.others));
    const card = make("article", { class: "card" }, head,
      make("p", { class: "soft" }, make("small", {}, [(entry.se || []).join(" › "), `${entry.d}:${entry.l}`, entry.$date].filter(Boolean).join(" · "))), list);
    const here = entry.$findings.filter((one) => !one.d || one.d === entry.d);
    card.append(...lines(here, false));
    if (entry.re) card.append(make("p", {}, entry.re));
    card.append(abstract(entry.ab) || "");
    return card;
  }

  function places(target) {
    const list = target.w || [];
    const told = list.slice(0, 3).map((one) => `${one[0]}:${one[1]}:${one[2]}`).join(", ");
    return list.length > 3 ? `${told}, +${list.length - 3}` : told;
  }
  const cell = (name, ...children) => make("td", { "data-name": name }, ...children);
  const short = (name, text) => make("td", { "data-name": name, class: "short" }, text);
  function targetRow(target) {
    const shown = make("td", {}, link(target, target.t || target.u), " ", permalink(target));
    if (target.t) shown.append(make("div", {}, make("small", {}, target.u)));
    shown.append(make("div", {}, facts(target)), ...lines(target.$findings.filter((one) => one.c !== target.r), false));
    return make("tr", {}, make("td", {}, verdict(target)), shown, short(words.kind, words["kind:" + target.k] || target.k),
      short(words.stars, target.st === undefined ? "" : number(target.st)), short(words.date, target.$date), cell(words.places, places(target)));
  }
  function findingRow(one) {
    const target = targetOf.get(one.t);
    return make("tr", {}, make("td", {}, make("b", {}, one.c), make("div", {}, make("small", {}, words[one.s]))),
      cell(words.where, place(one)), cell(words.message, findingText(one)), cell(words.link, target ? link(target, target.t || target.u) : ""));
  }
  function findingText(one) {
    const text = make("span", {}, one.m);
    if (one.g && !one.m.includes(one.g.u)) text.append(` · ${words.try} `, link(one.g));
    return text;
  }

  // --- the frame: tabs, filters, the list --------------------------------------------------------

  const choices = (list, of) => {
    const counts = new Map();
    for (const one of list) for (const value of of(one)) if (value) counts.set(value, (counts.get(value) || 0) + 1);
    return [...counts];
  };
  const byCount = (list) => list.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 500);
  const byName = (list) => list.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const controls = {};

  function select(name, label, options, told) {
    const box = make("select", { onchange: () => { chosen[name] = box.value; refresh(); } }, make("option", { value: "" }, words.all),
      ...options.map(([value, count]) => make("option", { value }, `${told ? told(value) : value} (${count})`)));
    controls[name] = box;
    return make("label", {}, label, box);
  }
  function field(name, label, given) {
    let timer = 0;
    const box = make("input", { ...given, oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => { chosen[name] = box.value.trim(); refresh(); }, 60);
    } });
    controls[name] = box;
    return make("label", { class: name === "q" ? "wide" : "" }, label, box);
  }
  function order() {
    const names = [["", "order_place"], ["stars", "order_stars"], ["date", "order_date"], ["status", "order_status"]];
    const box = make("select", { onchange: () => { chosen.sort = box.value; refresh(); } }, ...names.map(([value, name]) => make("option", { value }, words[name])));
    controls.sort = box;
    return make("label", {}, words.sort, box);
  }
  const tabs = [["entries", "entries", entries], ["targets", "all_links", targets], ["findings", "findings", findings]].map(([view, name, list]) =>
    make("button", { type: "button", "data-view": view, onclick: () => { chosen.view = view; refresh(); } }, `${words[name]} (${number(list.length)})`));
  const counted = make("span", { role: "status", "aria-live": "polite", id: "counted" });
  const clear = make("button", { type: "button", id: "clear", onclick: () => {
    for (const name of FIELDS) if (name !== "view") chosen[name] = "";
    refresh();
    controls.q.focus();
  } }, words.clear);
  const more = make("button", { type: "button", id: "more", onclick: () => append() }, words.more);
  const holder = make("div", { id: "holder" });

  function frame() {
    app.append(
      make("div", { class: "tabs" }, ...tabs),
      make("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        field("q", words.search, { type: "search", id: "search", autocomplete: "off", spellcheck: "false" }),
        select("status", words.status, byName(choices(targets, (one) => [one.s])), (value) => words["status:" + value]),
        select("kind", words.kind, byName(choices(targets, (one) => [one.k])), (value) => words["kind:" + value] || value),
        select("finding", words.finding, byName(choices(findings, (one) => [one.c]))),
        select("document", words.document, byName(choices(targets, (one) => one.$documents))),
        select("topic", words.topic, byCount(choices(entries, (one) => one.to || []))),
        select("host", words.host, byCount(choices(targets, (one) => [one.o]))),
        field("from", words.from, { type: "text", placeholder: "2021-01", inputmode: "numeric" }),
        field("until", words.until, { type: "text", placeholder: "2021-12", inputmode: "numeric" }),
        order()),
      make("div", { class: "bar" }, counted, clear), holder, more);
  }

  let listed = [], drawn = 0, body = null;
  function sortable(name, label) {
    const sorted = chosen.sort === name;
    return make("th", { scope: "col", "aria-sort": sorted ? (name === "title" || name === "status" ? "ascending" : "descending") : "none" },
      make("button", { type: "button", "data-sort": name, onclick: () => {
        chosen.sort = sorted ? "" : name;
        refresh();
        // The heading is made anew, and whoever pressed it by a key stays on it.
        holder.querySelector(`[data-sort=${name}]`).focus({ preventScroll: true });
      } }, label));
  }
  function table() {
    const names = chosen.view === "targets"
      ? [sortable("status", words.status), sortable("title", words.link), make("th", { scope: "col" }, words.kind), sortable("stars", words.stars),
        sortable("date", words.date), make("th", { scope: "col" }, words.places)]
      : [words.finding, words.where, words.message, words.link].map((name) => make("th", { scope: "col" }, name));
    body = make("tbody", {});
    return make("div", { class: "rows" }, make("table", {}, make("thead", {}, make("tr", {}, ...names)), body));
  }
  const DRAW = { entries: entryCard, targets: targetRow, findings: findingRow };
  function append() {
    const next = listed.slice(drawn, drawn + AT_ONCE);
    drawn += next.length;
    body.append(...next.map(DRAW[chosen.view]));
    more.hidden = drawn >= listed.length;
  }
  function refresh(keep) {
    const began = performance.now();
    if (!keep) write();
    listed = found();
    drawn = 0;
    for (const [name, box] of Object.entries(controls)) if (box !== document.activeElement && box.value !== chosen[name]) box.value = chosen[name];
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.view === chosen.view));
    holder.replaceChildren(chosen.view === "entries" ? (body = make("div", { class: "cards" })) : table());
    if (!listed.length) holder.replaceChildren((body = make("p", {}, words.none_match)));
    append();
    const all = { entries, targets, findings }[chosen.view].length;
    counted.textContent = `${number(listed.length)} ${words.shown} ${number(all)}`;
    clear.hidden = !FIELDS.some((name) => name !== "view" && name !== "sort" && chosen[name]);
    app.dataset.filtered = (performance.now() - began).toFixed(1);
  }

  // --- the reader --------------------------------------------------------------------------------

  function theme() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  }
  function show() {
    byId("list").scrollIntoView();
    byId("list").focus({ preventScroll: true });
  }
  byId("theme").addEventListener("click", theme);
  addEventListener("hashchange", () => {
    if (location.hash === "#list") return;
    read();
    refresh(true);
    show();
  });
  // Nothing changes in the address where it says already what is asked for again.
  document.addEventListener("click", (event) => {
    const asked = event.target.closest('a[href^="#view="]');
    if (asked && asked.hash === location.hash) show();
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      controls.q.focus();
    }
  });
  frame();
  const isAsked = read();
  refresh(true);
  if (isAsked) byId("list").scrollIntoView();
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting) && !more.hidden) append(); }, { rootMargin: "600px" }).observe(more);
  app.dataset.ready = (performance.now() - started).toFixed(0);
})();
