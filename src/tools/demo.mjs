// `npm run demo`: set-up, build, and a replay of the captures that come with the project, and an incident.
import { join } from 'node:path';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { Failed, main, ROOT, run, say } from './shell.mjs';

await main(async () => {
  await setup({ yes: process.argv.includes('--yes') });
  await build();
  say('\ndemo: sidewire replay pcaps -l sidewire-out --home-net any --external-net any\n');
  const cli = join(ROOT, 'dist', 'cli', 'bin.js');
  const status = await run(process.execPath, [
    cli,
    'replay',
    'pcaps',
    '-l',
    'sidewire-out',
    '--home-net',
    'any',
    '--external-net',
    'any',
  ]);
  if (status !== 0) throw new Failed(`The replay ended with status ${status}.`);
  const incident = ['incidents', 'examples/incident/service.pcap', '--logs', 'examples/incident/service.jsonl'];
  say(`\ndemo: sidewire ${incident.join(' ')}\n`);
  const joined = await run(process.execPath, [cli, ...incident]);
  if (joined !== 0) throw new Failed(`The incident was not found: status ${joined}.`);
  say(`
What to try next:
  who called what on whom   node dist/cli/bin.js calls pcaps/dcom-names.pcap
  all of it as a page       node dist/cli/bin.js report pcaps/dcom-invoke.pcap -o report.html
  what is sealed, opened    node dist/cli/bin.js calls pcaps/sealed-ntlm.pcap --secrets pcaps/sealed.secrets
  why a rule did not fire   node dist/cli/bin.js rules explain 2027189 pcaps/dcom-lower.pcap
  your own capture          node dist/cli/bin.js replay FILE -S my.rules -l out
  the keywords there are    node dist/cli/bin.js rules list dcerpc
  every test                npm test`);
});
