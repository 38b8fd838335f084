import { type JsonMembers, membersOf, numberOf, textOf } from './members.js';

/** What an event says, in a line; empty where its type says enough. Not made printable yet. */
export function eventWords(event: JsonMembers): string {
  const type = textOf(event.event_type);
  return (WORDS[type] ?? plainWords)(membersOf(event[type]), event);
}

const WORDS: Readonly<Record<string, (record: JsonMembers, event: JsonMembers) => string>> = {
  alert: (alert, event) => joined(textOf(alert.signature), textOf(membersOf(event.msrpc).says)),
  anomaly: ({ type, event, app_proto }) => joined(text(type), text(event), text(app_proto)),
  dns: (dns) => joined(text(dns.type), ...questions(dns), text(dns.rcode)),
  fileinfo: ({ filename, size, state, sha256 }) =>
    joined(text(filename), `${numberOf(size)} octets`, text(state), text(sha256)),
  flow: (flow) =>
    joined(
      `${numberOf(flow.pkts_toserver)} + ${numberOf(flow.pkts_toclient)} packets`,
      `${numberOf(flow.bytes_toserver)} + ${numberOf(flow.bytes_toclient)} octets`,
      text(flow.reason),
    ),
  http: ({ http_method, hostname, url, status }) =>
    joined([text(http_method), `${text(hostname)}${text(url)}`].filter(Boolean).join(' '), text(status)),
  incident: ({ grade, says }) => joined(text(grade), text(says)),
  llmnr: (dns) => joined(text(dns.type), ...questions(dns)),
  mdns: (dns) => joined(text(dns.type), ...questions(dns)),
  msrpc: ({ says, procedure }) => text(says) || text(procedure),
  smb: ({ command, filename, share, status }) => joined(text(command), text(filename), text(share), text(status)),
  smtp: ({ mail_from, rcpt_to }) => joined(text(mail_from), ...list(rcpt_to)),
  tls: ({ sni, version, subject }) => joined(text(sni), text(version), text(subject)),
};

/** Of types that have no words of their own: the members that are texts or numbers. */
function plainWords(record: JsonMembers): string {
  return Object.entries(record)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .slice(0, 6)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** Names that were asked for: `queries`, or `rrname` as older events have it. */
function questions({ queries, rrname, rrtype }: JsonMembers): string[] {
  if (!Array.isArray(queries)) return [[text(rrtype), text(rrname)].filter(Boolean).join(' ')];
  return queries.slice(0, 4).map((query) => {
    const { rrname: name, rrtype: type } = membersOf(query);
    return `${text(type)} ${text(name)}`;
  });
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(', ');
}
