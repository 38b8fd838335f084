import { costAdvice, Engine } from '../engine/index.js';
import { EXIT, Stop } from './exit.js';
import { lacksRules, tellFindings } from './findings.js';
import { engineOptions } from './options.js';
import { inputsOf } from './replay.js';
import { shippedRules } from './rule-package.js';
import { count, plural, style, type Terminal, table } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire rules profile`: what each rule cost, the dearest first. */
export async function rulesProfile(captures: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const shown = Number(values.top ?? 20);
  if (!Number.isInteger(shown) || shown < 1)
    throw new Stop(EXIT.usage, `--top takes a whole number from 1, not "${values.top}"`);
  const engine = new Engine(engineOptions(values));
  await using rules = await engine.compile({ files: (values.rules as string[] | undefined) ?? shippedRules() });
  tellFindings(rules, terminal);
  const profile = await engine.profile(inputsOf(captures, values), rules);
  const status = lacksRules(rules) ? EXIT.found : EXIT.ok;
  if (values.json) {
    const withAdvice = profile.rules.map((cost) => ({ ...cost, advice: costAdvice(cost) }));
    terminal.out(JSON.stringify({ ...profile, rules: withAdvice }, null, 2));
    return status;
  }
  const spent = profile.rules.reduce((sum, { us }) => sum + us, 0);
  const share = (us: number) => `${((100 * us) / Math.max(profile.total_us, 1)).toFixed(1)} %`;
  terminal.out(
    style(
      terminal.color.out,
      'bold',
      `${plural(profile.rules.length, 'rule')} of ${count(rules.size)} held against ${plural(profile.packets, 'packet')}: ` +
        `${(spent / 1000).toFixed(1)} ms of ${(profile.total_us / 1000).toFixed(1)} ms (${share(spent)})`,
    ),
  );
  const top = profile.rules.slice(0, shown);
  const rows = top.map(({ gid, sid, checks, matches, us, longest_us, msg }) => [
    `${gid}:${sid}`,
    checks,
    matches,
    (us / 1000).toFixed(2),
    (us / checks).toFixed(2),
    longest_us.toFixed(1),
    msg,
  ]);
  const lines = table([['rule', 'checks', 'matches', 'ms', 'us/check', 'longest us', 'message'], ...rows]);
  for (const [index, line] of lines.entries()) {
    terminal.out(line);
    const cost = top[index - 1];
    const advice = cost && costAdvice(cost);
    if (advice) terminal.out(`      ${style(terminal.color.out, 'dim', advice)}`);
  }
  return status;
}
