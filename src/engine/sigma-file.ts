/** Whether a file holds Sigma rules, by its name. */
export function isSigmaFile(name: string): boolean {
  return /\.ya?ml$/i.test(name);
}
