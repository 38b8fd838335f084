import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { octets as octetsOf } from '../config/index.js';
import {
  account,
  Engine,
  type ListenOptions,
  type LiveMethod,
  type OpenedReport,
  type Run,
  type Summary,
} from '../engine/index.js';
import { Operation, RuleReloader } from '../operation/index.js';
import { packageVersion } from '../package.js';
import { loadCatalog } from '../rules/suricata/catalog/load.js';
import { EXIT, Stop } from './exit.js';
import { tellFindings } from './findings.js';
import { engineOptions, whole } from './options.js';
import { shippedRules } from './rule-package.js';
import { SensorLine } from './sensor-line.js';
import { SURICATA_VERSION } from './suricata/info.js';
import { count, duration, octets, plural, style, type Terminal } from './terminal.js';
import { grouped } from './unsupported.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire sensor`. */
export async function sensor(_args: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const text = (name: string) => values[name] as string | undefined;
  const interfaces = (values.interface as string[] | undefined) ?? [];
  const engine = new Engine(engineOptions(values));
  const ruleFiles = (values.rules as string[] | undefined) ?? shippedRules();
  const rules = await engine.compile({ files: ruleFiles });
  tellFindings(rules, terminal);
  const { missing } = engine.config;
  if (missing.length > 0) terminal.err(`warning: not available here, and ignored: ${grouped(missing)}`);
  const logDir = values.logDir as string;
  makeLogDir(logDir, text('user') ?? engine.config.live.user);
  const reloader = new RuleReloader(rules, {
    load: () => new Engine(engineOptions(values)).compile({ files: ruleFiles }),
    place: (fresh) => operation.place(fresh),
    strict: false,
  });
  const operation = await operate(engine, reloader, values, terminal);
  const listen: ListenOptions = {
    rules,
    types: [],
    logDir,
    ...captureOptions(values),
    ...(text('user') === undefined ? {} : { user: text('user') as string }),
    ...(text('group') === undefined ? {} : { group: text('group') as string }),
  };
  const begin = () => {
    const run = engine.listen(interfaces, listen);
    engine.dropRights();
    engine.confineProcess();
    return run;
  };
  const summary = await follow(begin, operation, terminal);
  if (values.json) terminal.out(JSON.stringify(summary, null, 2));
  else terminal.out(endText(summary, join(logDir, 'eve.json'), terminal).join('\n'));
  return summary.errors.length > 0 ? EXIT.found : EXIT.ok;
}

/** Follows a run to its end: what happens to its interfaces is told as it happens. */
async function follow(begin: () => Run, operation: Operation, terminal: Terminal): Promise<Summary> {
  try {
    const run = begin();
    operation.follow(run);
    for (const line of startText(run.interfaces)) terminal.err(line);
    const line = new SensorLine(terminal, run);
    line.start();
    return await run.summary().finally(() => line.stop());
  } finally {
    await operation.end();
  }
}

/** Signals, the command socket, metrics and the service manager. */
async function operate(engine: Engine, reloader: RuleReloader, values: Values, terminal: Terminal): Promise<Operation> {
  const text = (name: string) => values[name] as string | undefined;
  return await Operation.begin({
    version: `${SURICATA_VERSION} RELEASE`,
    release: packageVersion(),
    runMode: 'workers',
    // Suricata's words: AF_PACKET_DEV, PCAP_DEV.
    captureMode: `${(method(values) ?? 'af-packet').toUpperCase().replaceAll('-', '_')}_DEV`,
    settings: engine.settings(),
    reloader,
    socket: text('commandSocket'),
    metrics: text('metrics'),
    pidFile: text('pidfile'),
    user: text('user') ?? engine.config.live.user ?? undefined,
    group: text('group') ?? engine.config.live.group ?? undefined,
    changesLater: true,
    say: (level, subject, message) => terminal.err(`${level}: ${subject}: ${message}`),
  });
}

/** What packets are read with, where an option says so. */
function method(values: Values): LiveMethod | undefined {
  if (values.method === undefined) return values.pcap === true ? 'pcap' : undefined;
  const names = loadCatalog().methods.map(({ name }) => name);
  if (!names.includes(values.method as string))
    throw new Stop(EXIT.usage, `--method is one of ${names.join(', ')}, not "${values.method}"`);
  return values.method as LiveMethod;
}

/** What the options say of capturing. */
function captureOptions(values: Values): ListenOptions {
  const chosen = method(values);
  const text = (name: string) => values[name] as string | undefined;
  const rings = text('rings');
  const ringSize = text('ringSize');
  const ringLength = ringSize === undefined ? undefined : octetsOf(ringSize);
  if (ringLength === null) throw new Stop(EXIT.usage, `--ring-size takes a size such as 256mb, not "${ringSize}"`);
  return {
    ...(chosen === undefined ? {} : { method: chosen }),
    ...(text('bpf') === undefined ? {} : { filter: text('bpf') as string }),
    ...(rings === undefined ? {} : { rings: whole('--rings', rings) }),
    ...(ringLength === undefined ? {} : { ringLength }),
    ...(values.promisc === false ? { promiscuous: false } : {}),
  };
}

/** Makes the directory of a sensor; one that is made is the user's who will write into it. */
function makeLogDir(path: string, user: string | null): void {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true });
  const owner = user === null ? null : account(user);
  if (owner !== null) chownSync(path, owner.uid, owner.gid);
}

/** What is said at start. */
export function startText(interfaces: readonly OpenedReport[]): string[] {
  return interfaces.flatMap((one) => [
    `Listening on ${one.name}${one.rings > 1 ? `, ${plural(one.rings, 'ring')}` : ''}${one.up ? '' : ' (it is down, or has no carrier)'}.`,
    ...offloadText(one),
  ]);
}

/** What a card does that changes packets before they are captured. */
export function offloadText({ name, offloads }: Pick<OpenedReport, 'name' | 'offloads'>): string[] {
  if (offloads.length === 0) return [];
  const off = offloads.map((offload) => `${offload} off`).join(' ');
  return [
    `  ${name} joins segments before they are captured (${offloads.join(', ')}): packets differ from the wire's. ` +
      `\`ethtool -K ${name} ${off}\` ends that.`,
  ];
}

/** A sensor's end, for people. */
function endText(summary: Summary, eve: string, terminal: Terminal): string[] {
  const lost = summary.source_dropped;
  const alerts = summary.alerts.reduce((sum, one) => sum + one.count, 0);
  const share = lost > 0 ? ` (${((lost * 100) / (summary.packets + lost)).toFixed(2)} %)` : '';
  const lines = [
    `${plural(summary.packets, 'packet')}, ${octets(summary.bytes)} in ${duration(summary.elapsed)}; ` +
      `${count(lost)} lost${share}; ${plural(alerts, 'alert')}.`,
  ];
  for (const error of summary.errors) lines.push(style(terminal.color.out, ['bold', 'red'], error.message));
  lines.push(`Every event: ${eve}`);
  return lines;
}
