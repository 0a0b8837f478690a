/** Items chosen on one screen to be looked at on another: the map's lasso opens in the grid. */
import { signal } from "@preact/signals";

export const chosen = signal<readonly string[]>([]);
