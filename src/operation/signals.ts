/** What signals ask for. */
export interface SignalActions {
  /** SIGINT, SIGTERM: end, with everything that was read written. */
  stop(): void;
  /** SIGHUP: open files anew. */
  reopen(): void;
  /** SIGUSR2: reload rules. */
  reload(): void;
}

/**
 * Takes the signals; gives what lets go of them. A second SIGINT ends the process at once: whoever sends it will not wait.
 */
export function onSignals(actions: SignalActions): () => void {
  const stop = (): void => actions.stop();
  const reopen = (): void => actions.reopen();
  const reload = (): void => actions.reload();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  process.on('SIGHUP', reopen);
  process.on('SIGUSR2', reload);
  return () => {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
    process.removeListener('SIGHUP', reopen);
    process.removeListener('SIGUSR2', reload);
  };
}
