/** The map's colours, read from the style sheet, and again whenever the theme changes. */
import { signal } from "@preact/signals";
import type { Paints } from "../core/picked.ts";
import { pixel } from "../core/raster.ts";

export interface Palette extends Paints {
  /** How many classes the study has. */
  readonly count: number;
  readonly names: readonly string[];
  readonly rampNames: readonly string[];
}

export const palette = signal<Palette | null>(null);

const HUES = [1, 2, 3, 4, 5, 6, 7].map((at) => `--hue-${at}`);
const RAMP = [0, 1, 2].map((at) => `--ramp-${at}`);

function readPalette(count: number): Palette {
  const style = getComputedStyle(document.documentElement);
  const named = (name: string): string => style.getPropertyValue(name).trim();
  return {
    count,
    names: HUES,
    rampNames: RAMP,
    classes: HUES.map((name) => pixel(named(name))),
    others: pixel(named("--hue-8")),
    none: pixel(named("--map-none")),
    ramp: RAMP.map((name) => pixel(named(name))),
    ground: pixel(named("--page")),
  };
}

/** Keep the colours those of the theme. Gives the way to stop. */
export function followTheme(count: number): () => void {
  const renew = () => (palette.value = readPalette(count));
  const query = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(renew);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  query.addEventListener("change", renew);
  renew();
  return () => (observer.disconnect(), query.removeEventListener("change", renew));
}
