import { readFileSync } from 'node:fs';
import { EngineError } from './error.js';

/** What Node's types leave out: `initgroups` takes a user's further groups. */
type Posix = typeof process & { initgroups?(user: string | number, group: string | number): void };

/**
 * Becomes another user, with all its threads; what is open stays open. Becoming somebody who is not root gives all of root's
 * rights up for good. `null`: nobody else.
 * @throws {EngineError} `rights/user`
 */
export function becomeUser(user: string | null, group: string | null): void {
  if ((user === null && group === null) || isAlready(user, group)) return;
  const { setuid, setgid, initgroups } = process as Posix;
  if (!setuid || !setgid || !initgroups)
    throw new EngineError('rights/user', 'A process cannot become another user on this system: leave the user out.');
  const who = [user === null ? '' : `user ${user}`, group === null ? '' : `group ${group}`].filter(Boolean).join(', ');
  try {
    const own = group ?? String(account(user as string)?.gid ?? user);
    // The groups first: afterwards there is no right to them.
    if (user !== null) initgroups.call(process, id(user), id(own));
    setgid.call(process, id(own));
    if (user !== null) setuid.call(process, id(user));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ERR_UNKNOWN_CREDENTIAL'
        ? `${message}; name one that exists (\`useradd --system NAME\` makes one)`
        : code === 'EPERM'
          ? 'only root may; start it as root, or as that user with the right to capture (CAP_NET_RAW)'
          : message;
    throw new EngineError('rights/user', `Cannot become ${who}: ${why}`, { cause: error });
  }
}

/** A name, or a number. */
function id(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** A user's numbers as the list of users has them; `null` where it does not have the user. */
export function account(user: string): { readonly uid: number; readonly gid: number } | null {
  try {
    const rows = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
    const found = rows.find(([name, , uid]) => name === user || uid === user);
    return found ? { uid: Number(found[2]), gid: Number(found[3]) } : null;
  } catch {
    return null;
  }
}

/** The process is this user's, and nobody asks for another group: a service manager saw to it. */
function isAlready(user: string | null, group: string | null): boolean {
  return user !== null && group === null && process.getuid?.() !== 0 && account(user)?.uid === process.getuid?.();
}
