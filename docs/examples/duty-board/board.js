// The duty officer's board: alerts that wait for a receipt, open cases with their clocks, both live.
import { Huiying, Problem } from "./huiying.js";

const $ = (id) => document.getElementById(id);
const base = new URLSearchParams(location.search).get("api") ?? document.querySelector("meta[name=huiying-api]").content;
const api = new Huiying(base, () => leave("登录已过期，请重新登录"));

const LEVELS = { I: "Ⅰ级 特别重大", II: "Ⅱ级 重大或较大", III: "Ⅲ级 一般", IV: "Ⅳ级 影响较小" };
const CLOCKS = {
  acknowledge: "签收", report_up: "上报", first_release: "首次发布", press_conference: "新闻发布会",
  next_update: "续报", task: "任务", review: "总结评估",
};
const UNDO_SECONDS = 5;
const TYPES = ["alert.raised", "alert.settled", "case.changed", "clock.warning", "clock.breached"];

const alerts = new Map(); // id -> {alert, card, timer}
const cases = new Map(); // id -> {case, clocks, card}
let may = new Set();
let listening = null;

$("login").addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const button = submitted.target.querySelector("button");
  button.disabled = true;
  $("login-problem").hidden = true;
  try {
    await api.logIn($("username").value, $("password").value);
    $("password").value = "";
    await enter();
  } catch (error) {
    show($("login-problem"), error);
  } finally {
    button.disabled = false;
  }
});
$("leave").addEventListener("click", () => leave());
// what was acknowledged and not undone is sent even where the page is closed
addEventListener("pagehide", () => {
  for (const [id, entry] of alerts) if (entry.timer) send(id, { keepalive: true });
});
setInterval(tick, 1000);

async function enter() {
  const me = await api.get("/api/v1/me");
  may = new Set(me.permissions);
  $("mock").hidden = !me.mock;
  $("who").textContent = me.display_name;
  $("who").title = me.unit ?? "";
  $("login").hidden = true;
  $("board").hidden = $("leave").hidden = $("live").hidden = false;
  listening = new AbortController();
  // first the stream, then the lists: what happens in between is heard, and shown once
  api.listen(hear, tellLive, { types: TYPES, signal: listening.signal });
  await Promise.all([loadAlerts(), loadCases()]);
}

function leave(why = "") {
  listening?.abort();
  api.logOut();
  for (const { timer } of alerts.values()) clearTimeout(timer);
  for (const kept of [alerts, cases]) kept.clear();
  for (const id of ["alerts", "cases"]) $(id).replaceChildren();
  $("who").textContent = "";
  $("board").hidden = $("leave").hidden = $("live").hidden = true;
  $("login").hidden = false;
  $("login-problem").hidden = !why;
  $("login-problem").textContent = why;
  $("username").focus();
}

// ---- alerts

async function loadAlerts() {
  await load("alerts", "正在读取预警…", async () => {
    for await (const alert of api.items("/api/v1/alerts?status=open&limit=200")) putAlert(alert);
  });
  countAlerts();
}

function putAlert(alert, fresh = false) {
  const known = alerts.get(alert.id);
  if (alert.status !== "open") {
    if (known && !known.timer) removeAlert(alert.id);
    return;
  }
  if (known) return;
  const card = $("alert-card").content.firstElementChild.cloneNode(true);
  card.dataset.level = alert.level;
  card.dataset.id = alert.id;
  card.querySelector(".level").textContent = LEVELS[alert.level];
  card.querySelector("h3").textContent = alert.event_title || "（无标题）";
  // why this level, in a clause; why no higher one stands behind the semicolon
  card.querySelector(".why").textContent = alert.explanation?.split("；")[0] ?? reasons(alert);
  setTime(card.querySelector(".when"), alert.raised_at);
  const button = card.querySelector(".acknowledge");
  button.hidden = !may.has("alerts.write"); // hide what the user may not do; the server refuses it in any case
  button.setAttribute("aria-label", `签收：${alert.event_title}`);
  button.addEventListener("click", () => acknowledge(alert.id));
  card.querySelector(".undo").addEventListener("click", () => undo(alert.id));
  alerts.set(alert.id, { alert, card, timer: 0 });
  const after = [...$("alerts").children].find((one) => alerts.get(one.dataset.id)?.alert.raised_at < alert.raised_at);
  $("alerts").insertBefore(card, after ?? null);
  if (fresh) {
    card.classList.add("fresh");
    setTimeout(() => card.classList.remove("fresh"), 8000);
    say(`新预警，${LEVELS[alert.level]}：${alert.event_title}`);
  }
  countAlerts();
}

function removeAlert(id) {
  const entry = alerts.get(id);
  if (!entry) return;
  // whoever stands in the card with the keyboard goes on to the next one
  const next = entry.card.contains(document.activeElement) ? entry.card.nextElementSibling : null;
  entry.card.remove();
  alerts.delete(id);
  next?.querySelector("button:not([hidden])")?.focus();
  countAlerts();
}

/** Shown as done at once; sent after a few seconds, until when it can be undone. */
function acknowledge(id) {
  const entry = alerts.get(id);
  entry.timer = setTimeout(() => send(id), UNDO_SECONDS * 1000);
  mark(entry, "已签收");
  entry.card.querySelector(".undo").focus();
  say("已签收，可撤销");
}

function undo(id) {
  const entry = alerts.get(id);
  clearTimeout(entry.timer);
  entry.timer = 0;
  mark(entry, "");
  entry.card.querySelector(".acknowledge").focus();
  say("已撤销签收");
}

async function send(id, options = {}) {
  const entry = alerts.get(id);
  entry.timer = 0;
  entry.card.querySelector(".undo").hidden = true;
  try {
    await api.post(`/api/v1/alerts/${id}/acknowledge`, undefined, { key: `acknowledge-${id}`, ...options });
    removeAlert(id);
  } catch (error) {
    if (!alerts.has(id)) return;
    mark(entry, "");
    show(entry.card.querySelector(".problem"), error, "签收没有成功");
  }
}

function mark({ card }, done) {
  card.classList.toggle("settled", Boolean(done));
  card.querySelector(".done").textContent = done;
  card.querySelector(".done").hidden = card.querySelector(".undo").hidden = !done;
  card.querySelector(".acknowledge").hidden = Boolean(done);
  card.querySelector(".problem").hidden = true;
}

function countAlerts() {
  $("alerts-count").textContent = alerts.size ? `${alerts.size} 条` : "";
  if (!$("alerts-state").dataset.state) $("alerts-state").textContent = alerts.size ? "" : "没有待签收的预警";
}

// ---- cases

async function loadCases() {
  await load("cases", "正在读取处置单…", async () => {
    const found = [];
    for await (const one of api.items("/api/v1/cases?open=true&limit=200")) found.push(one);
    // a few at a time: the door counts how many requests a user sends
    for (let i = 0; i < found.length; i += 4) await Promise.all(found.slice(i, i + 4).map((one) => putCase(one)));
  });
  countCases();
}

async function putCase(shown) {
  const { items: clocks } = await api.get(`/api/v1/cases/${shown.id}/clocks`);
  clocks.forEach((clock) => api.heardTime(clock));
  const entry = cases.get(shown.id) ?? { card: $("case-card").content.firstElementChild.cloneNode(true) };
  entry.case = shown;
  entry.clocks = rows(clocks);
  cases.set(shown.id, entry);
  const { card } = entry;
  card.dataset.level = shown.level;
  card.querySelector(".level").textContent = LEVELS[shown.level];
  card.querySelector(".number").textContent = shown.number;
  card.querySelector(".stage").textContent = shown.state_name;
  card.querySelector("h3").textContent = shown.title;
  const pending = shown.pending_level ? `待审批：${LEVELS[shown.pending_level]}` : "";
  card.querySelector(".note").textContent = pending || (shown.level_active ? "" : "响应级别尚未启动");
  card.querySelector(".clocks").replaceChildren(
    ...entry.clocks.map((clock) => {
      const row = document.createElement("li");
      row.append(document.createElement("span"), document.createElement("span"));
      row.firstChild.textContent = (CLOCKS[clock.kind] ?? clock.kind) + (clock.count > 1 ? ` ${clock.count} 项` : "");
      return row;
    }),
  );
  sortCases();
  tick();
}

/** The clocks that still run or were missed, soonest first; tasks of a case that are late stand in one row. */
function rows(clocks) {
  const open = clocks
    .filter((clock) => clock.state === "running" || (clock.state === "breached" && !clock.ended_at))
    .sort((a, b) => a.due_at.localeCompare(b.due_at));
  const late = open.filter((clock) => clock.kind === "task" && Date.parse(clock.due_at) < api.now());
  const others = open.filter((clock) => !late.includes(clock));
  return [...(late.length ? [{ ...late[0], count: late.length }] : []), ...others.slice(0, 4)];
}

/**
 * Cases whose next deadline is nearest stand first, then those with nothing but missed ones. Cards move only where the
 * order has changed: focus stays.
 */
function sortCases() {
  const now = new Date(api.now()).toISOString();
  const next = (entry) => entry.clocks.map((clock) => clock.due_at).find((due) => due > now) ?? "9";
  const wanted = [...cases.values()].sort((a, b) => next(a).localeCompare(next(b))).map((entry) => entry.card);
  wanted.forEach((card, i) => {
    if ($("cases").children[i] !== card) $("cases").insertBefore(card, $("cases").children[i] ?? null);
  });
}

function countCases() {
  $("cases-count").textContent = cases.size ? `${cases.size} 件` : "";
  if (!$("cases-state").dataset.state) $("cases-state").textContent = cases.size ? "" : "没有在办的处置单";
}

function tick() {
  for (const { clocks, card } of cases.values()) {
    card.querySelectorAll(".clocks li").forEach((row, i) => {
      const left = Date.parse(clocks[i].due_at) - api.now();
      row.className = left < 0 ? "late" : left < 1_800_000 ? "soon" : "";
      const text = (left < 0 ? "已超时 " : "剩余 ") + span(Math.abs(left));
      if (row.lastChild.textContent !== text) row.lastChild.textContent = text;
    });
  }
}

// ---- live

const refreshing = new Map();

function hear({ name, data: { data } }) {
  if (name === "alert.raised") putAlert(data, true);
  else if (name === "alert.settled") putAlert({ ...data, status: data.status });
  else refreshSoon(data.case_id);
}

/** Read a case again, once for all that is told of it within a second. */
function refreshSoon(id) {
  if (!id || refreshing.has(id)) return;
  refreshing.set(id, setTimeout(async () => {
    refreshing.delete(id);
    try {
      const shown = await api.get(`/api/v1/cases/${id}`);
      if (shown.state === "closed" || shown.state === "dismissed") {
        cases.get(id)?.card.remove();
        cases.delete(id);
      } else await putCase(shown);
      countCases();
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) say(`处置单没有更新：${error.message}`);
    }
  }, 1000));
}

function tellLive(state) {
  $("live").dataset.state = state;
  $("live").textContent = { on: "实时", again: "连接中断，正在重连…", off: "未连接" }[state];
}

// ---- small things

/** Show that something is being read, then nothing, or the problem with a button to try again. */
async function load(what, text, read) {
  const line = $(`${what}-state`);
  line.className = "state";
  line.dataset.state = "loading";
  line.textContent = text;
  try {
    await read();
    line.dataset.state = line.textContent = "";
  } catch (error) {
    line.dataset.state = "problem";
    show(line, error, "没有读到");
    line.classList.add("problem");
    const again = document.createElement("button");
    again.type = "button";
    again.className = "plain";
    again.textContent = "重试";
    again.addEventListener("click", what === "alerts" ? loadAlerts : loadCases);
    line.append(" ", again);
  }
}

function show(place, error, what = "") {
  const offline = !(error instanceof Problem);
  const said = offline ? "连接不上服务器，请检查网络或稍后再试" : error.message;
  const wait = error.retryAfter ? `（${error.retryAfter} 秒后可重试）` : "";
  const id = error.requestId ? ` 请求编号 ${error.requestId}` : "";
  place.textContent = `${what ? `${what}：` : ""}${said}${wait}${error.status >= 500 ? id : ""}`;
  place.hidden = false;
  if (offline) console.error(error);
}

function say(text) {
  $("said").textContent = text;
}

function setTime(place, iso) {
  place.dateTime = iso;
  // officers read Beijing time wherever their machine is
  place.textContent = new Intl.DateTimeFormat("zh-CN", {
    timeZone: "Asia/Shanghai", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).format(new Date(iso));
}

function span(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days) return `${days} 天 ${hours} 小时`;
  if (hours) return `${hours} 小时 ${minutes} 分`;
  return `${minutes} 分 ${String(seconds % 60).padStart(2, "0")} 秒`;
}

function reasons(alert) {
  return alert.reasons.filter((one) => one.met).map((one) => one.label).join("；");
}
