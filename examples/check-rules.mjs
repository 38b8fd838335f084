// The rule compiler alone, as an editor or a pre-commit hook uses it: no native code is loaded.
//   node examples/check-rules.mjs rules/*.rules
import { readFileSync } from 'node:fs';
import { check, renderLine } from 'sidewire/rules';

const files = process.argv.slice(2).map((path) => ({ path, text: readFileSync(path) }));
const any = { HOME_NET: 'any', EXTERNAL_NET: 'any' };
const { diagnostics, statistics } = check(files, { addressVariables: any });
for (const diagnostic of diagnostics) console.log(renderLine(diagnostic));
console.log(`${statistics.loaded} of ${statistics.rules} rules load`);
process.exitCode = diagnostics.some(({ severity }) => severity === 'error') ? 1 : 0;
