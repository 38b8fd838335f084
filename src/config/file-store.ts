import { isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import type { EveFormat, FileStoreOutput, FilesConfig } from '../generated/config.js';
import { ConfigError } from './error.js';
import { depth, flag, size, text, truth, whole } from './values.js';

/** X-Forwarded-For, of any output. */
export const xff = v.looseObject({
  enabled: v.optional(flag),
  mode: v.optional(text),
  deployment: v.optional(text),
  header: v.optional(text),
});

/** An output that stores files. */
const fileStore = v.looseObject({
  enabled: v.optional(flag),
  version: v.optional(whole),
  dir: v.optional(text),
  'write-fileinfo': v.optional(flag),
  'force-filestore': v.optional(flag),
  'stream-depth': v.optional(depth),
  'max-open-files': v.optional(size),
  xff: v.optional(xff),
});

/** What a file store is resolved for. */
export interface StorePurpose {
  readonly logDir: string;
  readonly sensorName: string;
  /** `stream.reassembly.depth`; 0: without end. */
  readonly streamDepth: number;
}

/** A file store, and what is odd about it as Suricata says it. `null`: version 1, which nobody has any more. */
export function resolveFileStore(
  body: unknown,
  { logDir, sensorName, streamDepth }: StorePurpose,
): { readonly store: FileStoreOutput; readonly warnings: string[] } | null {
  const parsed = v.safeParse(fileStore, body);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new ConfigError(`outputs.file-store.${v.getDotPath(issue)} ${issue.message}`, null, '');
  }
  const output = parsed.output;
  if ((output.version ?? 1) < 2) return null;
  const own = output['stream-depth'] ?? 0;
  const folder = output.dir ?? 'filestore';
  const store: FileStoreOutput = {
    path: isAbsolute(folder) ? folder : join(logDir, folder),
    write_fileinfo: output['write-fileinfo'] ?? false,
    force: output['force-filestore'] ?? false,
    stream_depth: own > streamDepth ? own : streamDepth,
    max_open_files: output['max-open-files'] ?? 0,
    event: {
      prefix: '',
      community_id: null,
      sensor_name: sensorName,
      pcap_file: false,
      ethernet: false,
      metadata: false,
      xff: resolveXff(output.xff),
      ipv6_full: true,
      types: { fileinfo: {} },
    },
  };
  const idle = `file-store.stream-depth value ${own} has no effect since it's less than stream.reassembly.depth value.`;
  return { store, warnings: own > 0 && own <= streamDepth ? [idle] : [] };
}

export function resolveXff(options: v.InferOutput<typeof xff> | undefined): EveFormat['xff'] {
  if (!options?.enabled) return null;
  return {
    overwrite: options.mode === 'overwrite',
    forward: options.deployment === 'forward',
    header: options.header ?? 'X-Forwarded-For',
  };
}

const HASHES: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256']);

/** Digests and kinds of all files: what one output asks for is computed for all. `options` are flattened. */
export function addFiles(files: FilesConfig, options: Readonly<Record<string, string>>): void {
  const names = (options['force-hash'] ?? '').split(',').map((word) => word.trim().toLowerCase());
  // What older configurations say.
  if (truth(options['force-md5'] ?? 'no') === true) names.push('md5');
  for (const name of names) if (HASHES.has(name) && !files.hashes.includes(name)) files.hashes.push(name);
  files.magic ||= truth(options['force-magic'] ?? 'no') === true;
}
