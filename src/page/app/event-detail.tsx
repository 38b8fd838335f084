import { callPieces, printable } from '../../calls/wording.js';
import type { AlertEvent, MsrpcRecord } from '../../generated/events.js';
import { eveMicros } from '../model/event-facts.js';
import { eventWords } from '../model/event-words.js';
import { type JsonMembers, membersOf, numberOf, textOf, textsOf } from '../model/members.js';
import { octetDump } from '../model/octets.js';
import type { RuleText } from '../model/rule-text.js';
import { addressOf } from './address.js';
import { Fence } from './fence.js';
import type { PageSource } from './page-source.js';
import { Facts, Host, Long, Shown, Technique, Time, useAnswer } from './parts.js';

interface EventProps {
  readonly source: PageSource;
  readonly event: JsonMembers;
  /** Its call is told, too; not where it stands above already. */
  readonly hasCall?: boolean;
}

/** Everything that an event says. */
export function EventDetail({ source, event, hasCall = true }: EventProps) {
  const type = textOf(event.event_type);
  const call = event.msrpc === undefined ? null : (event.msrpc as MsrpcRecord);
  return (
    <div class="event">
      <h3>
        <span class="type">{printable(type)}</span>{' '}
        <Long text={hasCall ? eventWords(event) : textOf(membersOf(event.alert).signature)} />
      </h3>
      <WhereAndWhen event={event} />
      {call && hasCall && (
        <Fence>
          <CallDetail record={call} />
        </Fence>
      )}
      {event.sigma !== undefined && (
        <Fence>
          <SigmaDetail event={event as unknown as AlertEvent} />
        </Fence>
      )}
      {event.winlog !== undefined && <RecordData record={membersOf(event.winlog)} />}
      {textOf(event.payload) !== '' && <Octets base64={textOf(event.payload)} />}
      {type === 'alert' && event.sigma === undefined && <RuleDetail source={source} alert={membersOf(event.alert)} />}
      <details>
        <summary>The event as it was written</summary>
        <pre class="raw">{printableJson(event)}</pre>
      </details>
    </div>
  );
}

function WhereAndWhen({ event }: { readonly event: JsonMembers }) {
  const alert = membersOf(event.alert);
  const metadata = membersOf(alert.metadata);
  const flow = numberOf(event.flow_id);
  const end = (ip: unknown, port: unknown) =>
    textOf(ip) !== '' && (
      <>
        <Host ip={textOf(ip)} />
        {numberOf(port) > 0 && <span class="dim">{`:${numberOf(port)}`}</span>}
      </>
    );
  const techniques = textsOf(metadata.mitre_technique_id);
  const { client, server, logon } = membersOf(event.endpoint);
  return (
    <Facts
      of={[
        ['time', <Time key="t" at={eveMicros(event.timestamp)} hasDate />],
        ['from', end(event.src_ip, event.src_port)],
        ['to', end(event.dest_ip, event.dest_port)],
        [
          'protocol',
          <Shown key="p" text={[textOf(event.proto), textOf(event.app_proto)].filter(Boolean).join(', ')} />,
        ],
        ['flow', flow > 0 && <a href={addressOf('events', { flow: String(flow) })}>all events of flow {flow}</a>],
        ['packet', numberOf(event.pcap_cnt) > 0 && String(numberOf(event.pcap_cnt))],
        [
          'signature',
          numberOf(alert.signature_id) > 0 &&
            `${numberOf(alert.gid)}:${numberOf(alert.signature_id)}:${numberOf(alert.rev)}`,
        ],
        ['technique', techniques.length > 0 && techniques.map((id) => <Technique key={id} id={id} />)],
        ['detection', printable(textsOf(metadata.detection).join(', '))],
        ['author', printable(textsOf(metadata.author).join(', '))],
        ['client process', client !== undefined && <Shown text={processWords(membersOf(client))} />],
        ['server process', server !== undefined && <Shown text={processWords(membersOf(server))} />],
        ['logon', logon !== undefined && <Shown text={plainJson(logon)} />],
      ]}
    />
  );
}

function processWords({ host, image, pid, known_by }: JsonMembers): string {
  const known = textsOf(known_by).join(', ');
  return `${textOf(image)}${numberOf(pid) > 0 ? ` [${numberOf(pid)}]` : ''} on ${textOf(host)}${known ? `, known by ${known}` : ''}`;
}

function CallDetail({ record }: { readonly record: MsrpcRecord }) {
  const { auth } = record;
  const account = auth?.user === undefined ? '' : `${auth.domain ? `${auth.domain}\\` : ''}${auth.user}`;
  return (
    <section>
      <h4>Call</h4>
      <p class="call">
        {callPieces(record, { full: true }).map(({ text, kind }, index) => (
          <span key={index} class={`piece ${kind}`}>
            <Long text={text} most={600} />
          </span>
        ))}
      </p>
      <Facts
        of={[
          [
            'interface',
            <Shown
              key="i"
              text={[record.interface?.name, record.interface?.uuid, record.interface?.version]
                .filter(Boolean)
                .join(' ')}
            />,
          ],
          [
            'known by',
            printable(record.known === 'inferred' ? `inferred (${record.inferred_by ?? '?'})` : (record.known ?? '')),
          ],
          ['account', printable([account, auth?.provider, auth?.level].filter(Boolean).join(', '))],
          ['service', printable(auth?.service ?? '')],
          ['client', printable(plainJson(record.dcom?.client))],
          ['stub', record.stub === undefined ? '' : `${record.stub}${record.opened ? ', opened with a secret' : ''}`],
          ['octets', `${record.request?.size ?? 'unknown'} asked, ${record.response?.size ?? 'unknown'} answered`],
        ]}
      />
      {record.arguments !== undefined && <Arguments of={membersOf(record.arguments)} />}
    </section>
  );
}

function Arguments({ of }: { readonly of: JsonMembers }) {
  return (
    <table class="data">
      <caption>Arguments and results</caption>
      <tbody>
        {Object.entries(of).map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{printable(name)}</th>
            <td>
              <Long text={typeof value === 'string' ? value : plainJson(value)} most={600} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function SigmaDetail({ event: { sigma } }: { readonly event: AlertEvent }) {
  return (
    <section>
      <h4>Why the rule matched</h4>
      <table class="data">
        <caption>{`Sigma rule, level ${printable(sigma?.level ?? '')}`}</caption>
        <tbody>
          {(sigma?.matched ?? []).map(({ selection, field, value, completed }) => (
            <tr key={`${selection} ${field}`}>
              <th scope="row">{printable([selection, field].filter(Boolean).join('.'))}</th>
              <td>
                <Long text={value ?? 'no such field'} most={600} />
                {completed && <span class="dim"> completed from the parent's own event</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function RecordData({ record }: { readonly record: JsonMembers }) {
  const { data, ...head } = record;
  return (
    <section>
      <h4>Record of the log</h4>
      <Arguments of={{ ...head, ...membersOf(data) }} />
    </section>
  );
}

/** Octets of a payload. */
function Octets({ base64 }: { readonly base64: string }) {
  const dump = octetDump(base64);
  if (dump === null) return null;
  return (
    <details open>
      <summary>Octets</summary>
      <pre class="octets">
        {dump.lines.map(({ offset, hex, text }) => `${offset}  ${hex.padEnd(49)} ${text}`).join('\n')}
      </pre>
      {dump.left > 0 && (
        <p class="dim">{`${dump.left.toLocaleString('en')} more octets are in the event as it was written.`}</p>
      )}
    </details>
  );
}

/** The rule of an alert, each option with what it means, and how to ask why it fired. */
function RuleDetail({ source, alert }: { readonly source: PageSource; readonly alert: JsonMembers }) {
  const [gid, sid] = [numberOf(alert.gid), numberOf(alert.signature_id)];
  const { answer } = useAnswer(() => source.rule(gid, sid), [source, gid, sid]);
  const told = textOf(alert.rule);
  if (answer === null)
    return told === '' ? null : (
      <section>
        <h4>Rule</h4>
        <p class="wraps mono">{printable(told)}</p>
      </section>
    );
  return <RuleTable rule={answer} />;
}

function RuleTable({ rule: { header, options, sid, explained } }: { readonly rule: RuleText }) {
  return (
    <details open>
      <summary>Rule</summary>
      <p class="mono wraps">{printable(header)}</p>
      <table class="data rule">
        <caption class="hidden">Options of the rule</caption>
        <tbody>
          {options
            .filter(
              ({ name }) => !['msg', 'sid', 'rev', 'metadata', 'reference', 'classtype', 'priority'].includes(name),
            )
            .map(({ name, value, doc }, index) => (
              <tr key={index}>
                <th scope="row" class="mono">
                  {printable(name)}
                </th>
                <td>
                  {value !== undefined && <span class="mono wraps">{printable(value)} </span>}
                  {doc && <span class="dim">{doc}</span>}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
      {explained === undefined ? (
        <p class="dim">
          How far it came on each flow: <code>{`sidewire rules explain ${sid} CAPTURE`}</code>
        </p>
      ) : (
        <>
          <h4>How far it came on each flow</h4>
          <ul class="explained">
            {explained.map((line) => (
              <li key={line}>{printable(line)}</li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}

function plainJson(value: unknown): string {
  if (value === undefined) return '';
  return JSON.stringify(value);
}

function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 1).split('\n').map(printable).join('\n');
}
