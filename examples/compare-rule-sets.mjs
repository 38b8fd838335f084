// What a change of rules changes: alerts that one set raises and the other does not, over the same captures.
//   node examples/compare-rule-sets.mjs old.rules new.rules captures/
import { Engine } from 'sidewire';

const [before, after, ...captures] = process.argv.slice(2);
if (after === undefined || captures.length === 0) {
  console.error('usage: compare-rule-sets.mjs OLD.rules NEW.rules CAPTURE...');
  process.exit(2);
}

const engine = new Engine({ homeNet: 'any', externalNet: 'any' });

/** Alerts of a rule set, counted by rule and flow. */
async function alertsOf(file) {
  const rules = await engine.compile({ files: [file] });
  for (const { file: path, line, message } of rules.findings.diagnostics) console.error(`${path}:${line}: ${message}`);
  const found = new Map();
  for await (const { alert, pcap_cnt, src_ip, dest_ip } of engine.replay(captures, { rules, types: ['alert'] })) {
    const key = `${alert.signature_id} ${alert.signature}  ${src_ip} -> ${dest_ip}`;
    const { count = 0, first = pcap_cnt } = found.get(key) ?? {};
    found.set(key, { count: count + 1, first });
  }
  rules.close();
  return found;
}

const [old, fresh] = [await alertsOf(before), await alertsOf(after)];
const changes = [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((key) => {
  const [was, is] = [old.get(key)?.count ?? 0, fresh.get(key)?.count ?? 0];
  return was === is
    ? []
    : [
        `${is > was ? '+' : '-'}${Math.abs(is - was)}  ${key}  (first in packet ${(fresh.get(key) ?? old.get(key)).first})`,
      ];
});
console.log(changes.length === 0 ? 'no alert is gained or lost' : changes.join('\n'));
