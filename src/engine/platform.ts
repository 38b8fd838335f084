import { existsSync } from 'node:fs';

/** Names of processors in the file name of musl's loader. */
const LOADER: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** The name of this machine's kind, as in `@sidewire/linux-x64-gnu`. */
export function platformName(): string {
  if (process.platform !== 'linux') return `${process.platform}-${process.arch}`;
  return `linux-${process.arch}-${isMusl() ? 'musl' : 'gnu'}`;
}

/** Node's report knows for certain, but takes longer than all else at start: it is asked only where musl is present. */
function isMusl(): boolean {
  if (!existsSync(`/lib/ld-musl-${LOADER[process.arch] ?? process.arch}.so.1`)) return false;
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return report.header.glibcVersionRuntime === undefined;
}
