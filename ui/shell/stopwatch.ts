/** Seconds of looking at an item: time in a hidden tab does not count. */

export interface Stopwatch {
  start(): void;
  /** Seconds since `start`, to a tenth. */
  read(): number;
}

export function stopwatch(now: () => number = () => performance.now()): Stopwatch {
  let begun = now();
  let hiddenSince: number | null = null;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenSince = now();
    else if (hiddenSince !== null) begun += now() - hiddenSince;
    if (!document.hidden) hiddenSince = null;
  });
  return {
    start() {
      begun = now();
    },
    read: () => Math.round((now() - begun) / 100) / 10,
  };
}
