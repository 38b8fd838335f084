import { ruleAt } from '../../diagnostics/rule-text.js';
import type { Ruleset } from '../../engine/index.js';
import type { Log } from './log.js';
import type { RuleFiles } from './rule-files.js';
import { suricataWords } from './wording.js';

/**
 * Says in Suricata's log what became of the rules; whether all of them and all of their files were loaded. `strict`
 * (`--strict-rule-keywords`) makes an error of what a rule asks for in vain; the rule loads all the same, as in Suricata.
 * With `fatal`, errors end the program before anything is built of the rules.
 */
export function tellRules(rules: Ruleset, files: RuleFiles, log: Log, strict: boolean, fatal: boolean): boolean {
  const told = new Set<string>();
  const texts = new Map<string, string[]>();
  const { diagnostics, failed, skipped } = rules.findings;
  for (const diagnostic of diagnostics) {
    const { severity, file, line, column, message, help, code } = diagnostic;
    if (severity === 'note') continue;
    if (code === 'event/removed') {
      log.say(strict ? 'error' : severity, 'detect', message);
      continue;
    }
    const ofRule = !code.startsWith('settings/');
    const rule = ofRule ? ruleAt(texts, file, line) : { text: '', line };
    const key = `${file}:${rule.line}`;
    // Suricata's log has one reason and one signature for each rule that is lost; scripts count them.
    const words = told.has(key) ? null : suricataWords(diagnostic);
    const level = words === null && !told.has(key) ? severity : 'notice';
    const place = `${file}:${line}:${column}`;
    log.say(level, 'detect-parse', `${place}: ${message} [${code}]${help === '' ? '' : ` (${help})`}`);
    if (words !== null) log.say(code === 'settings/reference' ? 'error' : severity, words.module, words.message);
    if (severity !== 'error' || told.has(key)) continue;
    told.add(key);
    log.say('error', 'detect', `error parsing signature "${rule.text}" from file ${file} at line ${rule.line}`);
  }
  if (rules.findings.cacheTrouble !== null)
    log.say('warning', 'detect', `${rules.findings.cacheTrouble}; the rules were compiled anew`);
  for (const { gid, sid, message } of rules.problems)
    log.say('error', 'detect', `rule ${gid}:${sid} was left out: ${message}`);
  const problems = rules.problems.length;
  const count = files.paths.length;
  const failures = failed + problems;
  if (count > 0 && rules.size === 0)
    log.say('warning', 'detect', `${count} rule files specified, but no rules were loaded!`);
  else
    log.say(
      'info',
      'detect',
      `${count} rule files processed. ${rules.size} rules successfully loaded, ${failures} rules failed, ${skipped} rules skipped`,
    );
  log.say('info', 'threshold-config', `Threshold config parsed: ${rules.findings.thresholds} rule(s) found`);
  const clean = failures === 0 && files.unmatched.length === 0;
  if (clean || !fatal) log.say('info', 'detect', `${rules.size} signatures processed`);
  return clean;
}
