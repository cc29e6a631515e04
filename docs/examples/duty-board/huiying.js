// A small client of the gateway: logging in, problem details, lists, and the live stream. No dependencies.

/** What the gateway refused: an RFC 9457 problem document, in Chinese. */
export class Problem extends Error {
  constructor(status, body, retryAfter = 0) {
    super(body.detail || body.title || `请求失败（${status}）`);
    this.status = status;
    this.type = body.type ?? "";
    this.requestId = body.request_id ?? "";
    this.errors = body.errors ?? [];
    this.retryAfter = retryAfter;
  }
}

export class Huiying {
  #access = "";
  #refresh = "";
  #renewing = null;

  /** @param {string} base address of the gateway  @param {() => void} onLogout called when the login is over */
  constructor(base, onLogout) {
    this.base = base.replace(/\/$/, "");
    this.onLogout = onLogout;
    this.ahead = 0; // milliseconds by which the server's clock is ahead of this machine's: see heardTime()
  }

  /** Milliseconds since 1970 by the server's clock: deadlines are counted by it, not by the visitor's. */
  now() {
    return Date.now() + this.ahead;
  }

  /** Learn the server's time from a clock just read: `remaining` seconds were left when it was sent. */
  heardTime(clock) {
    if (clock.state === "running" && clock.remaining != null)
      this.ahead = Date.parse(clock.due_at) - clock.remaining * 1000 - Date.now();
  }

  async logIn(username, password) {
    await this.#token({ grant_type: "password", username, password });
  }

  logOut() {
    this.#access = this.#refresh = "";
  }

  get(path) {
    return this.call("GET", path);
  }

  post(path, body, options = {}) {
    // the same key again gives the same answer: a repeated click or a retry does nothing twice
    const headers = { "Idempotency-Key": options.key ?? crypto.randomUUID() };
    return this.call("POST", path, { body: body === undefined ? undefined : JSON.stringify(body), headers, ...options });
  }

  /** Every item of a list, page by page. */
  async *items(path) {
    let cursor = null;
    do {
      const more = cursor ? `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}` : "";
      const page = await this.get(path + more);
      yield* page.items;
      cursor = page.next_cursor;
    } while (cursor);
  }

  async call(method, path, { body, headers = {}, keepalive = false } = {}) {
    const answer = await this.fetch(path, {
      method,
      body,
      keepalive,
      headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    });
    return answer.status === 204 ? null : answer.json();
  }

  /** Like fetch(), as whoever is logged in: renews the token once where it has grown old, throws Problem on refusal. */
  async fetch(path, options = {}) {
    const send = () =>
      fetch(this.base + path, {
        ...options,
        headers: { "Accept-Language": "zh-CN", ...options.headers, Authorization: `Bearer ${this.#access}` },
      });
    let answer = await send();
    if (answer.status === 401 && this.#refresh) {
      await this.#renew();
      answer = await send();
    }
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  }

  #renew() {
    // a refresh token is good once: requests that fail together wait for one renewal
    this.#renewing ??= this.#token({ grant_type: "refresh_token", refresh_token: this.#refresh })
      .catch((error) => {
        if (error instanceof Problem) {
          this.logOut();
          this.onLogout();
        }
        throw error;
      })
      .finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #token(form) {
    const answer = await fetch(`${this.base}/api/v1/auth/token`, {
      method: "POST",
      headers: { "Accept-Language": "zh-CN" },
      body: new URLSearchParams(form),
    });
    if (!answer.ok) throw await problemOf(answer);
    const told = await answer.json();
    this.#access = told.access_token;
    this.#refresh = told.refresh_token;
  }

  /**
   * Listen to the live stream until `signal` aborts. EventSource cannot send an Authorization header; fetch can.
   * Cut off, it goes on after the last event heard (Last-Event-ID), waiting longer each time in vain, up to 30 s.
   * @param {(event: {name: string, data: object}) => void} hear
   * @param {(state: "on" | "again" | "off") => void} tell
   */
  async listen(hear, tell, { types = [], signal } = {}) {
    let last = "";
    let wait = 1000;
    while (!signal?.aborted) {
      try {
        const query = types.length ? `?types=${types.join(",")}` : "";
        const headers = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
        const answer = await this.fetch(`/api/v1/stream${query}`, { headers, signal, cache: "no-store" });
        tell("on");
        wait = 1000;
        for await (const event of eventsOf(answer.body)) {
          if (event.id) last = event.id;
          if (event.retry) wait = event.retry;
          if (event.data) hear({ name: event.name, data: JSON.parse(event.data) });
        }
      } catch (error) {
        if (signal?.aborted) break;
        if (error instanceof Problem && (error.status === 401 || error.status === 403)) break;
        if (error instanceof Problem && error.retryAfter) wait = error.retryAfter * 1000;
      }
      tell("again");
      await new Promise((go) => setTimeout(go, wait * (0.8 + 0.4 * Math.random())));
      wait = Math.min(wait * 2, 30_000);
    }
    tell("off");
  }
}

/** Parse server-sent events (WHATWG HTML, 9.2.6) from a body. */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = { name: "message", data: "", id: "", retry: 0 };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.id || event.data || event.retry) yield event;
        event = { name: "message", data: "", id: "", retry: 0 };
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue; // a comment: the stream is alive
      const field = colon < 0 ? line : line.slice(0, colon);
      const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") event.name = text;
      else if (field === "data") event.data += (event.data ? "\n" : "") + text;
      else if (field === "id") event.id = text;
      else if (field === "retry") event.retry = Number(text) || 0;
    }
  }
}

async function problemOf(answer) {
  const body = await answer.json().catch(() => ({}));
  return new Problem(answer.status, body, Number(answer.headers.get("Retry-After")) || 0);
}
