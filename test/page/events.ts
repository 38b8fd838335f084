// Events for tests of the page, as lines of EVE.

/** A time some seconds behind the first. */
export function time(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + seconds * 1000).toISOString().replace('Z', '000+0000');
}

/** A line of EVE. */
export function line(event_type: string, seconds: number, members: object = {}): string {
  return JSON.stringify({ timestamp: time(seconds), event_type, ...members });
}

/** What an alert says that is not said otherwise. */
export interface AlertWords {
  readonly sid?: number;
  readonly severity?: number;
  readonly signature?: string;
  readonly from?: string;
  readonly to?: string;
  readonly more?: object;
}

/** An alert. */
export function alertLine(seconds: number, words: AlertWords = {}): string {
  const { sid = 7, severity = 2, signature = 'a signature', from = '10.0.0.1', to = '10.0.0.2', more = {} } = words;
  return line('alert', seconds, {
    src_ip: from,
    dest_ip: to,
    flow_id: 11,
    alert: { gid: 1, signature_id: sid, rev: 1, severity, signature, category: '', action: 'allowed' },
    ...more,
  });
}

/** A call of a flow. */
export function callLine(seconds: number, tx: number, record: object = {}): string {
  return line('msrpc', seconds, {
    src_ip: '10.0.0.1',
    src_port: 50_000,
    dest_ip: '10.0.0.2',
    dest_port: 49_154,
    flow_id: 11,
    tx_id: tx,
    proto: 'TCP',
    msrpc: {
      transport: 'tcp',
      opnum: tx,
      interface: { uuid: '367abb81-9844-35f1-ad32-98f038001003', name: 'svcctl' },
      procedure: `Procedure${tx}`,
      known: 'bound',
      request: { size: 10, fragments: 1 },
      response: { size: 4, fragments: 1, result: '0x00000000' },
      ...record,
    },
  });
}

/** The flow of the calls, with what logs say of its ends. */
export function flowLine(seconds: number, endpoint: object = {}): string {
  return line('flow', seconds, {
    src_ip: '10.0.0.1',
    src_port: 50_000,
    dest_ip: '10.0.0.2',
    dest_port: 49_154,
    flow_id: 11,
    proto: 'TCP',
    app_proto: 'dcerpc',
    flow: { pkts_toserver: 1, pkts_toclient: 1, bytes_toserver: 1, bytes_toclient: 1, start: time(0), alerted: true },
    endpoint,
  });
}

/** An incident between the two hosts. */
export function incidentLine(seconds: number, members: object = {}): string {
  return line('incident', seconds, {
    incident: {
      id: 'a1b2',
      grade: 'confirmed',
      says: 'WS1 ran whoami on WS2',
      first: time(0),
      last: time(seconds),
      from: { ip: '10.0.0.1', host: 'WS1' },
      to: { ip: '10.0.0.2', host: 'WS2' },
      evidence: [{ flow_id: 11, pcap_cnt: 5 }],
      ...members,
    },
  });
}
