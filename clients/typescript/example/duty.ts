/**
 * A duty officer's first five minutes, as a program: log in, page through the alerts, open a case, meet a typed
 * problem, and listen to what happens.
 *
 *   make clients && cd clients/typescript && npx tsc
 *   HUIYING_URL=http://127.0.0.1:8000 HUIYING_USER=admin HUIYING_PASSWORD=… node build/clients/typescript/example/duty.js
 */
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "../../../build/clients/typescript/schema.js";

type Alert = components["schemas"]["AlertOut"];
type Problem = components["schemas"]["Problem"];

const baseUrl = process.env["HUIYING_URL"] ?? "http://127.0.0.1:8000";
const client = createClient<paths>({ baseUrl });

/** A problem document as an exception. */
class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.status} ${problem.title}: ${problem.detail}`);
  }
}

/** Log in, and let every later call bear the token. */
async function logIn(username: string, password: string): Promise<string> {
  const { data, error } = await client.POST("/api/v1/auth/token", {
    body: { grant_type: "password", username, password },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  if (!data) throw new Refused(error);
  const bearer: Middleware = {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${data.access_token}`);
      return request;
    },
  };
  client.use(bearer);
  return data.access_token;
}

/** Yield every alert, page by page. */
async function* alerts(limit = 50): AsyncGenerator<Alert> {
  let cursor: string | null | undefined;
  do {
    const { data, error } = await client.GET("/api/v1/alerts", {
      params: { query: { limit, ...(cursor ? { cursor } : {}) } },
    });
    if (!data) throw new Refused(error);
    yield* data.items;
    cursor = data.next_cursor;
  } while (cursor);
}

/** Open a case of an alert; the same key gives the same answer, however often it is sent. */
async function openCase(alertId: string, key: string) {
  return client.POST("/api/v1/cases", {
    params: { header: { "Idempotency-Key": key } },
    body: { alert_id: alertId, reason: "值班员核实" },
  });
}

/** Open a case by hand. */
async function openByHand(title: string, key: string) {
  const { data, error, response } = await client.POST("/api/v1/cases", {
    params: { header: { "Idempotency-Key": key } },
    body: { title, level: "IV", reason: "来电反映" },
  });
  if (!data) throw new Refused(error);
  return { id: data.id, number: data.number, location: response.headers.get("Location") };
}

/** Return the first event of the live stream that is not a heartbeat; `after` resumes. */
async function firstEvent(token: string, after?: string): Promise<string> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
  if (after) headers["Last-Event-ID"] = after;
  const answer = await fetch(`${baseUrl}/api/v1/stream`, { headers });
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of answer.body ?? []) {
    text += decoder.decode(part as Uint8Array, { stream: true });
    const found = /^event: (\S+)$/m.exec(text);
    if (found?.[1]) return found[1]; // leaving the loop hangs up
  }
  throw new Error("the stream ended");
}

const token = await logIn(process.env["HUIYING_USER"] ?? "admin", process.env["HUIYING_PASSWORD"] ?? "");
const seen: Alert[] = [];
for await (const alert of alerts(1)) seen.push(alert);

const heard = firstEvent(token);
const key = `example-${Date.now()}`;
const made = await openByHand("示例：来电反映补偿款", key);
const again = await openByHand("示例：来电反映补偿款", key);

const first = seen[0];
const ofAlert = first ? await openCase(first.id, `${key}-alert`) : undefined;
const missing = await client.GET("/api/v1/cases/{case_id}", {
  params: { path: { case_id: "00000000-0000-7000-8000-000000000000" }, header: { "Accept-Language": "zh" } },
});

console.log(
  JSON.stringify({
    alerts: seen.map((alert) => alert.id),
    made,
    same: again.id === made.id,
    ofAlert: ofAlert?.data?.id ?? ofAlert?.error?.type ?? null,
    problem: missing.error ?? null,
    event: await heard,
  }),
);
