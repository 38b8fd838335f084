import { readFileSync } from 'node:fs';
import { EngineError, fromNative } from './error.js';
import type { Native, NativeSecret, NativeSecrets } from './native.js';

/**
 * What opens sealed calls. Secrets are in no event, no message and no file that is written; the copies made of them here
 * are wiped once the engine has them.
 */
export interface SecretOptions {
  /** Passwords of accounts that call, for NTLM. */
  readonly passwords?: readonly string[];
  /** NT hashes in hexadecimal, for NTLM and for Kerberos with RC4. */
  readonly ntlmHashes?: readonly string[];
  /** Keytabs of the services called, for Kerberos. */
  readonly keytabs?: readonly string[];
  /** Secrets files; `-` for standard input. A line: `password TEXT`, `ntlm-hash HEX`,
   * `kerberos-password NAME@REALM TEXT` or `kerberos-key TYPE HEX`. */
  readonly files?: readonly string[];
}

/**
 * Hands secrets to the addon; `null` when there is none.
 * @throws {EngineError} `secrets/invalid` or `secrets/unreadable`, without their values
 */
export function loadSecrets(native: Native, options: SecretOptions | undefined): NativeSecrets | null {
  const sources: NativeSecret[] = [];
  try {
    for (const text of options?.passwords ?? []) sources.push(given('password', '--password', text));
    for (const text of options?.ntlmHashes ?? []) sources.push(given('ntlm-hash', '--ntlm-hash', text));
    for (const path of options?.keytabs ?? []) sources.push(read('keytab', path));
    for (const path of options?.files ?? []) sources.push(read('file', path));
    return sources.length === 0 ? null : native.readSecrets(sources);
  } catch (error) {
    throw fromNative(error);
  } finally {
    for (const { octets } of sources) octets.fill(0);
  }
}

function given(kind: 'password' | 'ntlm-hash', name: string, text: string): NativeSecret {
  // Not `Buffer.from(text)`: what is taken from the shared pool would lie beside other things.
  const octets = Buffer.alloc(Buffer.byteLength(text));
  octets.write(text);
  return { kind, name, octets };
}

function read(kind: 'keytab' | 'file', path: string): NativeSecret {
  const stdin = path === '-' && kind === 'file';
  try {
    return { kind, name: stdin ? 'standard input' : path, octets: readFileSync(stdin ? 0 : path) };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it cannot be read';
    throw new EngineError('secrets/unreadable', `${path}: ${reason}`, { cause: error });
  }
}
