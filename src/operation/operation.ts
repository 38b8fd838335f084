import { chownSync } from 'node:fs';
import type { ConfigMap } from '../config/index.js';
import { account, becomeUser, loadNative, type Ruleset, type Run } from '../engine/index.js';
import type { CommandTarget } from './command.js';
import { CommandSocket } from './command-socket.js';
import { LossWatch } from './loss.js';
import { MetricsServer } from './metrics.js';
import type { PcapQueue } from './pcap-queue.js';
import { writePidFile } from './pid-file.js';
import type { ReloadOutcome, RuleReloader } from './reload.js';
import { ServiceManager } from './service-manager.js';
import { onSignals } from './signals.js';

/** How long after a reload the old rules are gone. Milliseconds. */
const RELEASE = 1500;

/** How much something matters that happens while a run goes on. */
export type OperationLevel = 'notice' | 'warning' | 'error';

/** What is operated, and by what. */
export interface OperationOptions {
  /** The version as Suricata says it: `8.0.8 RELEASE`. */
  readonly version: string;
  /** The version of sidewire. */
  readonly release: string;
  readonly runMode: string;
  readonly captureMode: string;
  readonly settings: ConfigMap;
  /** `null`: there are no rules. */
  readonly reloader: RuleReloader | null;
  /** Path of the command socket; absent: none. */
  readonly socket?: string | undefined;
  /** A socket that cannot be had is said, and does without: nobody named it for this run. */
  readonly socketIsUsual?: boolean;
  /** Address of the metrics; absent: none. */
  readonly metrics?: string | undefined;
  readonly pidFile?: string | undefined;
  /** Who to go on as once everything here is open; absent: as before. Root only. */
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  /** The run itself goes on as that user, once its interfaces are open. */
  readonly changesLater?: boolean;
  /** Captures may be asked for over the socket. */
  readonly pcaps?: PcapQueue;
  readonly say: (level: OperationLevel, subject: string, message: string) => void;
  /** What is to be opened anew beside outputs on SIGHUP: a log of our own. */
  readonly reopen?: () => void;
}

/**
 * What a run is operated by while it goes on: signals, the command socket, metrics, the service manager. Begin it before the
 * run, so that no signal is missed; tell it the run; end it afterwards.
 */
export class Operation {
  /** SIGINT, SIGTERM or the command `shutdown` came. */
  isStopped = false;
  readonly #options: OperationOptions;
  readonly #started = new Date();
  readonly #manager = new ServiceManager();
  readonly #closers: (() => void | Promise<void>)[] = [];
  #run: Run | null = null;
  #turns = -1;
  #whenStopped: () => void = () => {};
  /** Resolves when the end is asked for. */
  readonly stopped = new Promise<void>((resolve) => {
    this.#whenStopped = resolve;
  });

  private constructor(options: OperationOptions) {
    this.#options = options;
  }

  /** @throws {Error} when the socket, the address of the metrics or the file of the process's number cannot be had */
  static async begin(options: OperationOptions): Promise<Operation> {
    const operation = new Operation(options);
    try {
      await operation.#begin();
    } catch (error) {
      await operation.end();
      throw error;
    }
    return operation;
  }

  async #begin(): Promise<void> {
    const { socket, metrics, pidFile, reloader, release, say } = this.#options;
    reloader?.listen({
      begins: () => {
        this.#manager.reloading();
        say('notice', 'detect', 'rule reload starting');
      },
      ends: ({ ok, message }) => {
        this.#manager.ready(ok ? 'running' : `running; the last reload failed: ${message}`);
        if (ok) say('notice', 'detect', `rule reload complete: ${message}`);
        else say('error', 'detect', `rule reload failed: ${message}`);
      },
    });
    if (pidFile !== undefined) this.#closers.push(writePidFile(pidFile));
    this.#closers.push(
      onSignals({ stop: () => this.stop(), reopen: () => this.reopen(), reload: () => void this.reload() }),
    );
    const commands = socket === undefined ? null : await this.#listen(socket);
    const watch = new LossWatch(
      () => this.#current()?.stats() ?? null,
      (message) => say('warning', 'output', message),
    );
    this.#closers.push(() => watch.close());
    if (metrics !== undefined) {
      const server = await MetricsServer.listen(metrics, {
        release,
        started: this.#started,
        reloader,
        stats: () => this.#current()?.stats() ?? null,
      });
      this.#closers.push(() => server.close());
      say('notice', 'metrics', `metrics are served at port ${server.port}, /metrics`);
    }
    const { user = null, group = null, changesLater = false } = this.#options;
    const owner = user === null ? null : account(user);
    if (commands !== null && owner !== null) chownSync(commands.path, owner.uid, owner.gid);
    if (!changesLater) becomeUser(user, group);
  }

  async #listen(socket: string): Promise<CommandSocket | null> {
    const { say, socketIsUsual = false } = this.#options;
    try {
      const commands = await CommandSocket.listen(socket, this.#target());
      this.#closers.push(() => commands.close());
      say('notice', 'unix-manager', `commands are taken at ${socket}`);
      return commands;
    } catch (error) {
      // Several runs with the same configuration side by side are one too many for its socket, and no reason not to run.
      if (!socketIsUsual) throw error;
      say('warning', 'unix-manager', `no commands are taken: ${(error as Error).message}`);
      return null;
    }
  }

  #current(): Run | null {
    return this.#options.pcaps?.run ?? this.#run;
  }

  #target(): CommandTarget {
    const { version, runMode, captureMode, settings, pcaps = null } = this.#options;
    const interfaces = () => this.#current()?.interfaces.map(({ name }) => name) ?? [];
    const run = (): Run | null => this.#current();
    const stop = (): void => this.stop();
    const { reloader } = this.#options;
    const started = this.#started;
    return { version, runMode, captureMode, interfaces, settings, started, run, reloader, pcaps, stop };
  }

  /** The run that goes on from here: it is stopped when the end is asked for, or was. */
  follow(run: Run): void {
    this.#run = run;
    if (this.isStopped) run.stop();
    this.#manager.watch(() => this.#isAlive());
    this.#manager.ready('running');
  }

  /** Nothing runs yet: captures are waited for, and the process held open. */
  idle(): void {
    const hold = setInterval(() => {}, 60_000);
    this.#closers.push(() => clearInterval(hold));
    this.#manager.watch(() => true);
    this.#manager.ready('waiting for captures');
  }

  /** Puts rules in place of those of the run that goes on. */
  place(rules: Ruleset): void {
    this.#current()?.swap(rules);
    // The set before is let go of when the last worker has passed the place between the two.
    setTimeout(() => void loadNative().releaseMemory(), RELEASE).unref();
  }

  /** Asks for the end: what was read is finished and written. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.#manager.stopping();
    this.#options.pcaps?.end();
    this.#run?.stop();
    this.#whenStopped();
  }

  /** Has files opened anew that were moved away. */
  reopen(): void {
    this.#options.reopen?.();
    this.#current()?.reopenOutputs();
  }

  /** Reloads rules and thresholds; what became of it is said. */
  async reload(): Promise<ReloadOutcome> {
    const { reloader, say } = this.#options;
    if (reloader !== null) return await reloader.reload();
    const message = 'there are no rules to reload: detection is disabled';
    say('warning', 'detect', message);
    return { ok: false, message };
  }

  /** Lets go of everything. */
  async end(): Promise<void> {
    if (!this.isStopped) this.#manager.stopping();
    await this.#options.pcaps?.finished();
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  /** The thread that reads has turned since this was asked last: it waits for nobody. */
  #isAlive(): boolean {
    const { turns } = this.#current()?.progress() ?? { turns: this.#turns + 1 };
    const alive = turns !== this.#turns;
    this.#turns = turns;
    return alive;
  }
}
