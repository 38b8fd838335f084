import { loadNative } from '../engine/index.js';

/** Tells systemd how the service is (`Type=notify`), and that it lives (`WatchdogSec`). Nothing without `NOTIFY_SOCKET`. */
export class ServiceManager {
  readonly #socket: string | undefined;
  readonly #watchdog: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(environment: Readonly<Record<string, string | undefined>> = process.env) {
    this.#socket = environment.NOTIFY_SOCKET || undefined;
    const forUs = environment.WATCHDOG_PID === undefined || Number(environment.WATCHDOG_PID) === process.pid;
    this.#watchdog = this.#socket && forUs ? Number(environment.WATCHDOG_USEC ?? 0) / 1000 : 0;
  }

  ready(status: string): void {
    this.#tell(`READY=1\nSTATUS=${status}\nMAINPID=${process.pid}`);
  }

  reloading(): void {
    // Needed of `Type=notify-reload`: when it began, by the clock that never steps.
    const now = process.hrtime.bigint() / 1000n;
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${now}`);
  }

  stopping(): void {
    clearInterval(this.#timer);
    this.#tell('STOPPING=1');
  }

  /** Says twice in each period that the service lives, as long as `isAlive` says so. */
  watch(isAlive: () => boolean): void {
    if (this.#watchdog <= 0) return;
    this.#timer = setInterval(() => {
      if (isAlive()) this.#tell('WATCHDOG=1');
    }, this.#watchdog / 2);
    this.#timer.unref();
  }

  #tell(state: string): void {
    if (this.#socket !== undefined) loadNative().notifyServiceManager(this.#socket, state);
  }
}
