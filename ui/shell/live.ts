/** Live events of the server; the browser connects again by itself after a cut. */

export interface Live {
  model(data: { round: number }): void;
  training(data: { state: string; message: string }): void;
  progress(data: { labelled: number; remaining: number }): void;
  /** The line is open, for the first time or again. */
  open(): void;
}

export function listen(live: Live): () => void {
  const source = new EventSource("/api/events");
  source.onopen = () => live.open();
  const on = <T>(name: string, take: (data: T) => void) =>
    source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as T));
  on("model", live.model);
  on("training", live.training);
  on("progress", live.progress);
  return () => source.close();
}
