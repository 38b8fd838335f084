import { createServer, type Server } from 'node:http';
import type { RunStats } from '../engine/index.js';
import type { RuleReloader } from './reload.js';

/** What is measured. */
export interface MetricsTarget {
  /** The version of sidewire. */
  readonly release: string;
  readonly started: Date;
  /** `null` while nothing runs. */
  stats(): RunStats | null;
  readonly reloader: RuleReloader | null;
}

/** A sample: labels and a value. */
type MetricSample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** Counters that go down as well: what is in use now, and what is taken of others. */
const GAUGES =
  /(?:^|[._])(?:memuse|active|pressure|pressure_max|avg_pkt_size|max_pkt_size|up|degree|spare|free|queued|spooled)$/;

/** Counters as Prometheus reads them: those of workers by worker and source, all others once. */
export function metricsText(target: MetricsTarget): string {
  const text = new MetricsText();
  text.add('sidewire_info', 'gauge', 'What runs.', [[{ version: target.release }, 1]]);
  const uptime = (Date.now() - target.started.getTime()) / 1000;
  text.add('sidewire_uptime_seconds', 'gauge', 'Seconds since the start.', [[{}, uptime]]);
  const memory = process.memoryUsage.rss();
  text.add('process_resident_memory_bytes', 'gauge', 'Resident memory in octets.', [[{}, memory]]);
  if (target.reloader) addRules(text, target.reloader);
  const stats = target.stats();
  if (stats !== null) addStats(text, stats);
  return text.text;
}

function addRules(text: MetricsText, { rules, last }: RuleReloader): void {
  const states = Object.entries(rules.counts).map(([state, count]): MetricSample => [{ state }, count]);
  text.add('sidewire_rules', 'gauge', 'What became of the rules.', states);
  const seconds = last.getTime() / 1000;
  text.add('sidewire_rules_last_reload_seconds', 'gauge', 'When rules were loaded, since 1970.', [[{}, seconds]]);
}

function addStats(text: MetricsText, { counters, workers, events, outputs }: RunStats): void {
  const byName = new Map<string, MetricSample[]>();
  for (const { worker, source, counters: own } of workers)
    for (const [name, value] of Object.entries(own)) {
      const labels = { worker: String(worker), ...(source === '' ? {} : { source }) };
      byName.set(name, [...(byName.get(name) ?? []), [labels, value]]);
    }
  for (const [name, value] of Object.entries(counters)) {
    if (byName.has(name) && !name.startsWith('capture.')) continue;
    const [family, labels] = captureLabels(name);
    byName.set(family, [...(byName.get(family) ?? []), [labels, value]]);
  }
  for (const [name, samples] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const type = GAUGES.test(name) ? 'gauge' : 'counter';
    text.add(`sidewire_${metricName(name)}${type === 'counter' ? '_total' : ''}`, type, `${name} of stats.`, samples);
  }
  const kinds = Object.entries(events).map(([type, count]): MetricSample => [{ type }, count]);
  text.add('sidewire_events_total', 'counter', 'Events written, by type.', kinds);
  const lines = outputs.map(({ output, lines }): MetricSample => [{ output }, lines]);
  text.add('sidewire_output_lines_total', 'counter', 'Lines written for each output.', lines);
  const lost = outputs.map(({ output, dropped }): MetricSample => [{ output }, dropped]);
  text.add('sidewire_output_lines_dropped_total', 'counter', 'Of these, lines that nobody got.', lost);
}

/**
 * Counters of an interface and of its rings by labels: `capture.interfaces.eth0.rings.1.kernel_drops`. Every other name is a
 * family of its own.
 */
function captureLabels(name: string): [family: string, labels: Record<string, string>] {
  const match = /^capture\.interfaces\.([^.]+)(?:\.rings\.(\d+))?\.(\w+)$/.exec(name);
  if (!match) return [name, {}];
  const [, given = '', ring, counter] = match;
  // A dot of a name would have begun another level.
  const labels = { interface: given.replaceAll(':', '.') };
  return ring === undefined
    ? [`capture.interface.${counter}`, labels]
    : [`capture.ring.${counter}`, { ...labels, ring }];
}

function metricName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/g, '_');
}

/** The text format, version 0.0.4. */
class MetricsText {
  text = '';
  readonly #told = new Set<string>();

  add(name: string, type: 'gauge' | 'counter', help: string, samples: readonly MetricSample[]): void {
    // Two names of ours may be one of Prometheus's: a series is told once.
    if (samples.length === 0 || this.#told.has(name)) return;
    this.#told.add(name);
    this.text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const [labels, value] of samples) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      this.text += `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
    }
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Where metrics are served: `9100`, `127.0.0.1:9100`, `[::1]:9100`; loopback unless an address is named. */
export function metricsAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new Error(`"${text}" is no address: write PORT, ADDRESS:PORT or [ADDRESS]:PORT`);
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}

/** Serves the metrics at `/metrics`. It holds no process open. */
export class MetricsServer {
  private constructor(private readonly server: Server) {}

  /** @throws {Error} when the address cannot be used */
  static async listen(address: string, target: MetricsTarget): Promise<MetricsServer> {
    const { host, port } = metricsAddress(address);
    const server = createServer({ headersTimeout: 5000, requestTimeout: 5000 }, (request, response) => {
      const path = request.url?.split('?')[0];
      if (path !== '/metrics') {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n');
        return;
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { allow: 'GET, HEAD' }).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(metricsText(target));
    });
    server.maxConnections = 32;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    server.unref();
    return new MetricsServer(server);
  }

  /** The port, where any was asked for (0). */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
