/* Huiying statements widget 1.0.0. Apache-2.0. No dependencies, no cookies, nothing is told to anyone. */
(() => {
  "use strict";
  const NAME = "huiying-statements";
  const script = document.currentScript;
  const home = script && script.src ? new URL(script.src).href.replace(/\/public\/v1\/widget.*$/, "") : "";
  const WORDS = {
    zh: {
      heading: "信息发布", loading: "正在加载…", empty: "暂无已发布信息", failed: "暂时无法加载信息",
      retry: "重试", more: "查看全部", published: "", corrected: "已更正", withdrawn: "已撤回",
    },
    en: {
      heading: "Public statements", loading: "Loading…", empty: "Nothing has been published yet",
      failed: "The statements cannot be loaded at present", retry: "Try again", more: "All statements",
      published: "", corrected: "Corrected", withdrawn: "Withdrawn",
    },
  };
  const CSS = `
:host{display:block;color-scheme:light dark;--ink:#1b2430;--soft:#4d5a68;--line:#d5dce4;--paper:#fff;--link:#0b57a4;--alert:#9c1c14;
color:var(--ink);background:var(--paper);font:1rem/1.6 system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}
:host([hidden]){display:none}
section{border:1px solid var(--line);border-radius:.4rem;padding:.9rem 1.1rem}
.title{margin:0 0 .4rem;font-size:1.15rem;font-weight:700;line-height:1.4}
.box{overflow-y:auto}
ul{margin:0;padding:0;list-style:none}
li{display:flex;flex-wrap:wrap;gap:.1rem 1rem;justify-content:space-between;align-items:baseline;padding:.55rem 0;border-top:1px solid var(--line)}
a{color:var(--link);text-underline-offset:.2em}
li a{flex:1 1 12rem;text-decoration:none}
a:hover{text-decoration:underline}
time,.state,p{font-size:.9rem}
time,p{color:var(--soft)}
p{margin:.4rem 0 0}
.state{color:var(--alert);border:1px solid;border-radius:.2rem;padding:0 .4rem;margin-right:.4rem;font-weight:700}
:focus-visible{outline:3px solid #f0a500;outline-offset:2px}
button{font:inherit;min-height:2.2rem;padding:.1rem 1.2rem;border:1px solid var(--link);border-radius:.25rem;background:none;color:var(--link);cursor:pointer}
.gone{display:none}
@media(prefers-color-scheme:dark){:host(:not([theme=light])){--ink:#e8edf2;--soft:#b3bfcb;--line:#3d4854;--paper:#161c23;--link:#8fc1ff;--alert:#ffab9f}}
@media(prefers-contrast:more){:host{--soft:currentColor;--line:currentColor}a,li a{text-decoration:underline}}
@media(prefers-reduced-motion:no-preference){a{transition:color .15s}}
`;
  let sheet;
  const styles = () => {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
    }
    return sheet;
  };
  const make = (name, text, attributes) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    return made;
  };
  const number = (text, least, most, otherwise) => {
    const value = Number.parseInt(text, 10);
    return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
  };
  // only addresses of the web become links: a feed that was tampered with brings no script
  const safe = (url) => {
    try {
      const found = new URL(url, home || location.href);
      return found.protocol === "https:" || found.protocol === "http:" ? found.href : null;
    } catch {
      return null;
    }
  };

  class Statements extends HTMLElement {
    static observedAttributes = ["src", "limit", "words", "theme-word", "height", "lang", "heading", "level", "refresh"];

    connectedCallback() {
      if (!this.shadowRoot) {
        this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styles()];
      }
      this.seen = () => document.visibilityState === "visible" && this.load();
      document.addEventListener("visibilitychange", this.seen);
      this.begin();
    }

    disconnectedCallback() {
      document.removeEventListener("visibilitychange", this.seen);
      clearInterval(this.timer);
      if (this.under) this.under.abort();
    }

    attributeChangedCallback() {
      if (this.isConnected && this.shadowRoot) this.begin();
    }

    begin() {
      clearInterval(this.timer);
      const lang = this.getAttribute("lang") || document.documentElement.lang || "zh-CN";
      this.language = lang.toLowerCase().startsWith("en") ? "en" : "zh";
      this.told = WORDS[this.language];
      const level = number(this.getAttribute("level"), 2, 6, 2);
      const heading = make(`h${level}`, this.getAttribute("heading") || this.told.heading, { class: "title", id: "title" });
      const region = make("section", "", { "aria-labelledby": "title", lang: this.language === "en" ? "en" : "zh-CN" });
      this.list = make("ul", "", { role: "list" });
      this.box = make("div", "", { class: "box" });
      this.box.append(this.list);
      const height = number(this.getAttribute("height"), 80, 4000, 0);
      if (height) {
        this.box.style.maxHeight = `${height}px`;
        this.box.tabIndex = 0; // a list that scrolls must be reachable by keyboard
        this.box.setAttribute("role", "group");
        this.box.setAttribute("aria-labelledby", "title");
      }
      this.status = make("p", this.told.loading, { role: "status" });
      this.again = make("button", this.told.retry, { type: "button", class: "gone" });
      this.again.addEventListener("click", () => this.load());
      this.more = make("p", "");
      region.append(heading, this.box, this.status, this.again, this.more);
      this.shadowRoot.replaceChildren(region);
      this.shown = null;
      this.load();
      const seconds = number(this.getAttribute("refresh"), 0, 86400, 300);
      if (seconds) this.timer = setInterval(this.seen, Math.max(30, seconds) * 1000);
    }

    address() {
      const base = this.getAttribute("src") || (home && `${home}/public/v1/statements.json`);
      const found = new URL(base, location.href);
      found.searchParams.set("limit", number(this.getAttribute("limit"), 1, 50, 5));
      if (this.getAttribute("words")) found.searchParams.set("q", this.getAttribute("words"));
      if (this.getAttribute("theme-word")) found.searchParams.set("theme", this.getAttribute("theme-word"));
      return found.href;
    }

    async load() {
      if (this.under) this.under.abort();
      const under = (this.under = new AbortController());
      const late = setTimeout(() => under.abort("late"), 15000);
      this.list.setAttribute("aria-busy", "true");
      try {
        // no-cache: the browser asks with the ETag that it has, and is told 304 where nothing is new
        const answer = await fetch(this.address(), {
          cache: "no-cache", credentials: "omit", referrerPolicy: "no-referrer", signal: under.signal,
        });
        if (!answer.ok) throw new Error(String(answer.status));
        this.show(await answer.json());
      } catch {
        if (under === this.under && (!under.signal.aborted || under.signal.reason === "late") && this.isConnected) this.fail();
      } finally {
        clearTimeout(late);
        this.list.removeAttribute("aria-busy");
      }
    }

    show(feed) {
      this.again.classList.add("gone");
      const text = JSON.stringify(feed);
      if (text === this.shown) {
        this.status.textContent = feed.items.length ? "" : this.told.empty;
        return; // what has not changed stays, with the reader's place in it
      }
      this.list.replaceChildren(...feed.items.map((item) => this.line(item)));
      this.status.textContent = feed.items.length ? "" : this.told.empty;
      const all = safe(feed.home_page_url);
      this.more.replaceChildren(...(all ? [make("a", this.told.more, { href: all })] : []));
      this.shown = text;
      this.dispatchEvent(new CustomEvent("huiying:shown", { detail: { count: feed.items.length } }));
    }

    line(item) {
      const line = make("li", "");
      const state = this.told[item._state] || "";
      const title = String(item.title || "").replace(/^〔已(撤回|更正)〕/, "");
      const url = safe(item.url);
      const link = url ? make("a", "", { href: url }) : make("span", "");
      if (state) link.append(make("span", state, { class: "state" }), " ");
      link.append(title);
      const at = new Date(item.date_published);
      const day = Number.isNaN(at.getTime()) ? "" : new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(at);
      line.append(link, make("time", day, day ? { datetime: item.date_published } : {}));
      return line;
    }

    fail() {
      this.status.textContent = this.told.failed; // what was shown before stays
      this.again.classList.remove("gone");
      this.dispatchEvent(new CustomEvent("huiying:failed"));
    }
  }

  if (!customElements.get(NAME)) customElements.define(NAME, Statements);
  if (script && "huiying" in script.dataset) {
    const made = document.createElement(NAME);
    const names = { limit: "limit", words: "words", theme: "theme-word", height: "height", lang: "lang", heading: "heading", level: "level", refresh: "refresh", src: "src" };
    for (const [key, name] of Object.entries(names)) if (script.dataset[key]) made.setAttribute(name, script.dataset[key]);
    script.after(made);
  }
})();
