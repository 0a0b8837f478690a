/** What a person has begun on items and not submitted, kept in this browser; the oldest go first. */
import type { Label } from "../core/types.ts";

const MOST = 8;

type Kept = [item: string, label: Label][];

export class Drafts {
  private readonly name: string;

  /** Open the drafts of `owner`: a study and a person. */
  constructor(owner: string) {
    this.name = `querist-drafts ${owner}`;
  }

  of(item: string): Label | null {
    return this.all().find(([id]) => id === item)?.[1] ?? null;
  }

  keep(item: string, label: Label): void {
    this.write([...this.without(item), [item, label]]);
  }

  drop(item: string): void {
    const left = this.without(item);
    if (left.length < this.all().length) this.write(left);
  }

  private without(item: string): Kept {
    return this.all().filter(([id]) => id !== item);
  }

  private all(): Kept {
    try {
      return JSON.parse(localStorage.getItem(this.name) ?? "[]") as Kept;
    } catch {
      return [];
    }
  }

  private write(kept: Kept): void {
    try {
      localStorage.setItem(this.name, JSON.stringify(kept.slice(-MOST)));
    } catch {
      // A browser that keeps nothing, or has no room: the draft lives as long as the page.
    }
  }
}
