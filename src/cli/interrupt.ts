/** What ends a command that has no files to open anew and no rules to reload: none of these costs what was written. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const;

/** A signal that fires on Ctrl-C, SIGTERM and their like; a second Ctrl-C ends the process as usual. Call `release` when done. */
export function interruptSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  for (const name of ENDING) process.once(name, stop);
  return {
    signal: controller.signal,
    release() {
      for (const name of ENDING) process.removeListener(name, stop);
    },
  };
}
