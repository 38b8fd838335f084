// The name of this machine's kind, as in `@sidewire/linux-x64-gnu`. The same table as src/engine/platform.ts, which a test
// compares with it: tools run before anything is compiled.

/** The platform's name. */
export function platformName() {
  if (process.platform !== 'linux') return `${process.platform}-${process.arch}`;
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  return `linux-${process.arch}-${glibc ? 'gnu' : 'musl'}`;
}
