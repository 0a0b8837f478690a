/** The window of a scan: asked for once, then turned by drags and arrows; the server draws each picture of it. */

import type { Window } from "../../core/window.ts";
import { turned, written } from "../../core/window.ts";
import type { Point } from "../../core/zoom.ts";

interface Told extends Window {
  low: number;
  high: number;
  warning: string;
}

export class Levels {
  window: Window | null = null;
  private told: Promise<Told> | null = null;
  private range = { low: 0, high: 1 };
  private wanted = "";
  private busy = false;

  /** `show` is called with the address of each picture, once it is decoded. */
  constructor(
    private readonly address: string,
    private readonly picture: string,
    private readonly show: (source: string) => void,
  ) {}

  /** Ask what values there are; gives the warning of the file, or "". */
  async ask(): Promise<string> {
    this.told ??= fetch(this.address).then(async (reply) => {
      if (!reply.ok) throw new Error(`the values of this image could not be read (${reply.status})`);
      return (await reply.json()) as Told;
    });
    const { low, high, centre, width, warning } = await this.told;
    this.range = { low, high };
    this.window ??= { centre, width };
    return warning;
  }

  turn(by: Point): void {
    if (!this.window) return;
    this.window = turned(this.window, by, this.range);
    this.wanted = `${this.picture}?window=${written(this.window)}`;
    void this.fetchLatest();
  }

  /** As the file has it again. */
  async reset(): Promise<void> {
    if (!this.told) return;
    const { centre, width } = await this.told;
    this.window = { centre, width };
    this.wanted = "";
    this.show(this.picture);
  }

  /** One picture at a time: of windows that came meanwhile only the last is fetched. */
  private async fetchLatest(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let source = this.wanted; source; source = this.wanted === source ? "" : this.wanted) {
        const image = new Image();
        image.src = source;
        await image.decode();
        if (this.wanted) this.show(source);
      }
    } catch {
      // A picture that did not come: the next turn asks again.
    } finally {
      this.busy = false;
    }
  }
}
