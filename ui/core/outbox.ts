/**
 * Answers on their way to the server. Each is kept on a shelf (IndexedDB in the browser) until the server has said that it
 * recorded it; sent in order, again after a failure, and counted once by its uid. Reloads and kills lose none.
 */
import type { Answer, Reply } from "./types.ts";

export interface Shelf {
  all(): Promise<Answer[]>;
  put(answer: Answer): Promise<void>;
  remove(uids: readonly string[]): Promise<void>;
}

export interface Refused {
  answer: Answer;
  error: string;
}

export interface Ports {
  send(answers: readonly Answer[]): Promise<Reply>;
  /** Resolve after some milliseconds. */
  wait(ms: number): Promise<void>;
  /** True when the server will never take this request: sending it again is in vain. */
  hopeless(error: unknown): boolean;
  recorded(answers: readonly Answer[]): void;
  changed(): void;
}

/** As many as the server takes at once: what a person gives to many items is one request. */
const MOST_AT_ONCE = 500;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

export class Outbox {
  waiting: readonly Answer[] = [];
  refused: readonly Refused[] = [];
  /** Why the last sending failed; null when it did not. */
  trouble: unknown = null;
  /** False once the browser would not keep an answer: what waits then lives only as long as the page. */
  kept = true;
  private sending = false;
  private wake: () => void = () => undefined;

  private shelf: Shelf | null = null;

  constructor(private readonly ports: Ports) {}

  /** Take up what an earlier visit could not send. */
  async open(shelf: Shelf): Promise<void> {
    this.shelf = shelf;
    const left = await shelf.all();
    const known = new Set(this.waiting.map((answer) => answer.uid));
    this.waiting = [...left.filter((answer) => !known.has(answer.uid)), ...this.waiting];
    this.flush();
  }

  /** Keep and send answers; those given together are sent together. */
  put(...answers: readonly Answer[]): void {
    this.waiting = [...this.waiting, ...answers];
    for (const answer of answers) this.shelf?.put(answer).catch(() => (this.kept = false));
    this.flush();
  }

  /** Send what waits, now: after an answer, when the network is back, or when asked to. */
  flush(): void {
    this.wake();
    if (!this.sending) void this.sendAll();
    this.ports.changed();
  }

  dismiss(uid: string): void {
    this.refused = this.refused.filter((one) => one.answer.uid !== uid);
    this.ports.changed();
  }

  private async sendAll(): Promise<void> {
    this.sending = true;
    let pause = FIRST_PAUSE;
    while (this.waiting.length > 0) {
      try {
        await this.sendSome();
        pause = FIRST_PAUSE;
      } catch (error) {
        this.trouble = error;
        this.ports.changed();
        await this.rest(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
    }
    this.sending = false;
  }

  private async sendSome(): Promise<void> {
    const batch = this.waiting.slice(0, MOST_AT_ONCE);
    try {
      await this.settle(batch, await this.ports.send(batch));
    } catch (error) {
      if (!this.ports.hopeless(error)) throw error;
      await this.sendOneByOne(batch);
    }
    this.trouble = null;
    this.ports.changed();
  }

  /** The server takes none of a batch: find the answer that it means, so that the others arrive. */
  private async sendOneByOne(batch: readonly Answer[]): Promise<void> {
    for (const answer of batch) {
      try {
        await this.settle([answer], await this.ports.send([answer]));
      } catch (error) {
        if (!this.ports.hopeless(error)) throw error;
        const said = error instanceof Error ? error.message : String(error);
        await this.settle([answer], { recorded: [], refused: [{ uid: answer.uid, error: said }] });
      }
    }
  }

  private async settle(batch: readonly Answer[], reply: Reply): Promise<void> {
    const recorded = new Set(reply.recorded.map((one) => one.uid));
    const refused = new Map(reply.refused.map((one) => [one.uid, one.error]));
    const settled = batch.filter((answer) => recorded.has(answer.uid) || refused.has(answer.uid));
    if (settled.length === 0) throw new Error("The server's reply names none of the answers sent to it.");
    const gone = new Set(settled.map((answer) => answer.uid));
    this.waiting = this.waiting.filter((answer) => !gone.has(answer.uid));
    const errors = settled.filter((answer) => refused.has(answer.uid));
    this.refused = [...this.refused, ...errors.map((answer) => ({ answer, error: refused.get(answer.uid)! }))];
    this.ports.recorded(settled);
    // What cannot be removed is sent again by the next visit, and counts once by its uid.
    await this.shelf?.remove([...gone]).catch(() => undefined);
  }

  private rest(ms: number): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.wake = resolve));
    return Promise.race([this.ports.wait(ms), woken]);
  }
}
