/** Requests to the server: JSON both ways, the CSRF token on every change, errors as one sentence. */
import type { Session } from "../core/types.ts";

/** The server's own sentence, and the HTTP status; status 0 when no server answered. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

let csrf = "";

export async function openSession(): Promise<Session> {
  const session = await get<Session>("/api/session");
  csrf = session.csrf;
  return session;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => ask<T>("GET", path, signal ? { signal } : {});

export const post = <T>(path: string, body: unknown = {}): Promise<T> => send<T>("POST", path, body);

export const put = <T>(path: string, body: unknown): Promise<T> => send<T>("PUT", path, body);

/** Stream a file as it is: no form, no base64. */
export const upload = <T>(path: string, file: File): Promise<T> =>
  changed<T>(() => ask<T>("POST", path, { body: file, headers: { ...guard(), "X-Filename": encodeURIComponent(file.name) } }));

/** Tell the server while the page closes; nothing waits for an answer. */
export function beacon(path: string, body: object): void {
  navigator.sendBeacon(path, new Blob([JSON.stringify({ ...body, csrf })], { type: "text/plain" }));
}

const guard = (): Record<string, string> => ({ "X-Querist-CSRF": csrf });

function send<T>(method: string, path: string, body: unknown): Promise<T> {
  const headers = () => ({ ...guard(), "Content-Type": "application/json" });
  return changed<T>(() => ask<T>(method, path, { body: JSON.stringify(body), headers: headers() }));
}

/** A server that was started anew may have a new token: ask for it once, then try again. */
async function changed<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const before = csrf;
    await openSession();
    if (csrf === before) throw error;
    return request();
  }
}

async function ask<T>(method: string, path: string, options: RequestInit): Promise<T> {
  const response = await fetch(path, { method, credentials: "same-origin", ...options }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("The server does not answer.", 0);
  });
  const text = await response.text();
  if (!response.ok) throw new ApiError(sentence(text, response), response.status);
  return (text ? JSON.parse(text) : {}) as T;
}

function sentence(text: string, response: Response): string {
  try {
    const said: unknown = (JSON.parse(text) as { error?: unknown }).error;
    if (typeof said === "string") return said;
  } catch {
    // Not JSON: something between us and the server spoke.
  }
  return `The server answered ${response.status} ${response.statusText}.`;
}
