import type { CatalogIndex } from '../catalog/catalog.js';
import { absent } from './absent.js';
import { asn1 } from './asn1.js';
import { base64Decode } from './base64-decode.js';
import { bsize } from './bsize.js';
import { base64Data, contentModifier, pktData, stickyBuffer } from './buffers.js';
import { byteExtract } from './byte-extract.js';
import { byteJump } from './byte-jump.js';
import { byteMath } from './byte-math.js';
import { byteTest } from './byte-test.js';
import { content, nocase, rawbytes, uricontent } from './content.js';
import { datarep, dataset } from './dataset.js';
import { iface, opnum } from './dcerpc.js';
import { entropy } from './entropy.js';
import { appLayerEvent, appLayerProtocol, decodeEvent, streamEvent } from './events.js';
import { fastPattern } from './fast-pattern.js';
import { fieldKeyword } from './fields.js';
import { fileext, filemagic, filemd5, filename, filesha1, filesha256, filesize, filestore } from './files.js';
import { flow } from './flow.js';
import { flowBytes, flowPackets } from './flow-counters.js';
import { flowbits } from './flowbits.js';
import { flowint } from './flowint.js';
import { frame } from './frame.js';
import { ftpbounce } from './ftp.js';
import { dsize, icmpId, icmpSeq, ipProto, tos, vlanId } from './header.js';
import { ipopts } from './ipopts.js';
import { isdataat } from './isdataat.js';
import type { Keyword } from './keyword.js';
import { pcre } from './pcre.js';
import { replace } from './replace.js';
import { requires } from './requires.js';
import {
  alert,
  classtype,
  gid,
  metadata,
  msg,
  noalert,
  prefilter,
  priority,
  reference,
  rev,
  sid,
  tag,
  target,
} from './rule.js';
import { sameip } from './sameip.js';
import { protoversion, softwareversion } from './ssh.js';
import { streamSize } from './stream-size.js';
import { detectionFilter, threshold } from './threshold.js';
import {
  certExpired,
  certNotAfter,
  certNotBefore,
  certValid,
  sslState,
  sslVersion,
  tlsFingerprint,
  tlsIssuer,
  tlsStore,
  tlsSubject,
  tlsVersion,
} from './tls.js';
import { transformKeyword } from './transforms.js';
import { urilen } from './urilen.js';
import { depth, distance, endswith, offset, startswith, within } from './window.js';
import { hostbits, xbits } from './xbits.js';

/** Keywords with a grammar or meaning of their own. Plain buffers, numbers and flags come from the catalog. */
export const KEYWORDS: readonly Keyword[] = [
  absent,
  alert,
  appLayerEvent,
  appLayerProtocol,
  asn1,
  base64Data,
  base64Decode,
  bsize,
  byteExtract,
  byteJump,
  byteMath,
  byteTest,
  certExpired,
  certNotAfter,
  certNotBefore,
  certValid,
  classtype,
  content,
  datarep,
  dataset,
  decodeEvent,
  depth,
  detectionFilter,
  distance,
  dsize,
  endswith,
  entropy,
  fastPattern,
  fileext,
  filemagic,
  filemd5,
  filename,
  filesha1,
  filesha256,
  filesize,
  filestore,
  flow,
  flowBytes,
  flowPackets,
  flowbits,
  flowint,
  frame,
  ftpbounce,
  gid,
  hostbits,
  icmpId,
  icmpSeq,
  iface,
  ipProto,
  ipopts,
  isdataat,
  metadata,
  msg,
  noalert,
  nocase,
  offset,
  opnum,
  pcre,
  pktData,
  prefilter,
  priority,
  protoversion,
  rawbytes,
  reference,
  replace,
  requires,
  rev,
  sameip,
  sid,
  softwareversion,
  sslState,
  sslVersion,
  tlsStore,
  startswith,
  streamEvent,
  streamSize,
  tag,
  target,
  threshold,
  tlsFingerprint,
  tlsIssuer,
  tlsSubject,
  tlsVersion,
  tos,
  uricontent,
  urilen,
  vlanId,
  within,
  xbits,
];

/** Every keyword of an engine by every name it has: those above, and those its catalog gives. */
export class KeywordTable {
  readonly #byName = new Map<string, Keyword>();

  constructor(catalog: CatalogIndex) {
    for (const name of catalog.rows.transforms) this.#add(transformKeyword(name), [name]);
    for (const row of catalog.rows.fields) this.#add(fieldKeyword(row.name, row), [row.name, ...row.aliases]);
    for (const row of catalog.rows.buffers) {
      this.#add(stickyBuffer(row.name, row), [row.name, ...row.aliases]);
      if (row.modifier !== '') this.#add(contentModifier(row), [row.modifier]);
    }
    for (const keyword of KEYWORDS) {
      const { needs } = keyword;
      if (
        needs !== undefined &&
        ('field' in needs
          ? catalog.field(needs.field)
          : 'buffer' in needs
            ? catalog.buffer(needs.buffer)
            : catalog.protocol(needs.protocol)) === undefined
      )
        continue;
      this.#add(keyword, [keyword.name, ...(keyword.aliases ?? [])]);
    }
  }

  #add(keyword: Keyword, names: readonly string[]): void {
    for (const name of names) this.#byName.set(name, keyword);
  }

  get(name: string): Keyword | undefined {
    return this.#byName.get(name);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** Each keyword once, by name. */
  list(): readonly Keyword[] {
    return [...new Set(this.#byName.values())].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }
}
