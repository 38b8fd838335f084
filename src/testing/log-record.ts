import { didYouMean } from '../diagnostics/suggest.js';

/** A record of an event log, as short as a test wants it. */
export interface LogRecord {
  /** As `Security` or `Microsoft-Windows-Sysmon/Operational`. */
  readonly channel: string;
  readonly event_id: number;
  /** By default the one that the channel is known for. */
  readonly provider?: string;
  readonly computer?: string;
  /** UTC, as `2026-01-02T03:04:05.6Z`. */
  readonly time?: string;
  readonly record_id?: number;
  /** The fields of the event; a list where a field has several values. */
  readonly data?: Readonly<Record<string, unknown>>;
}

const MEMBERS = ['channel', 'event_id', 'provider', 'computer', 'time', 'record_id', 'data'];

/** Providers of channels that belong to one, to be named in no test. */
const PROVIDERS: Readonly<Record<string, string>> = {
  security: 'Microsoft-Windows-Security-Auditing',
  'microsoft-windows-sysmon/operational': 'Microsoft-Windows-Sysmon',
  'microsoft-windows-powershell/operational': 'Microsoft-Windows-PowerShell',
  'windows powershell': 'PowerShell',
  'microsoft-windows-windows defender/operational': 'Microsoft-Windows-Windows Defender',
  'microsoft-windows-taskscheduler/operational': 'Microsoft-Windows-TaskScheduler',
  'microsoft-windows-wmi-activity/operational': 'Microsoft-Windows-WMI-Activity',
};

const TIME = '2026-01-02T03:04:05Z';

/**
 * A record as a line of JSON, in the shape of evtx_dump. An object without `channel` is one that an exporter wrote, and stays as
 * it is.
 * @throws {TypeError} when a member is misspelt: the record would be another than the test says
 */
export function logLine(record: Readonly<Record<string, unknown>> | LogRecord, index: number): string {
  if (record === null || typeof record !== 'object' || Array.isArray(record))
    throw new TypeError(`Record ${index + 1} is no object.`);
  if (!('channel' in record || 'event_id' in record || 'data' in record) || 'Event' in record || 'winlog' in record)
    return JSON.stringify(record);
  for (const key of Object.keys(record))
    if (!MEMBERS.includes(key))
      throw new TypeError(
        `Record ${index + 1} has no member \`${key}\`: ${didYouMean(key, MEMBERS) ?? `the fields of the event stand in \`data\`; members are ${MEMBERS.join(', ')}`}`,
      );
  const { channel, event_id, provider, computer, time, record_id, data } = record as LogRecord;
  if (typeof channel !== 'string' || !Number.isInteger(event_id))
    throw new TypeError(
      `Record ${index + 1} lacks ${typeof channel === 'string' ? 'a whole number as `event_id`' : '`channel`'}.`,
    );
  return JSON.stringify({
    Event: {
      System: {
        Provider: { '#attributes': { Name: provider ?? PROVIDERS[channel.toLowerCase()] ?? channel } },
        EventID: event_id,
        TimeCreated: { '#attributes': { SystemTime: time ?? TIME } },
        EventRecordID: record_id ?? index + 1,
        Channel: channel,
        Computer: computer ?? 'host.example',
      },
      EventData: data ?? {},
    },
  });
}
