/** The name of this machine's kind, as in `@sidewire/linux-x64-gnu`. */
export function platformName(): string {
  if (process.platform !== 'linux') return `${process.platform}-${process.arch}`;
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return `linux-${process.arch}-${report.header.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}
