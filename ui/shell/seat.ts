/** One window of a browser labels a study at a time: two would be handed the same items. */

/** Take the seat if it is free, or from the window that has it; `lost` is called when another window takes it. */
export function takeSeat(name: string, how: { steal: boolean; lost(): void }): Promise<boolean> {
  if (!("locks" in navigator)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const options: LockOptions = how.steal ? { steal: true } : { ifAvailable: true };
    navigator.locks
      .request(`querist ${name}`, options, (lock) => {
        resolve(lock !== null);
        return lock ? new Promise(() => undefined) : undefined;
      })
      .catch(how.lost);
  });
}
