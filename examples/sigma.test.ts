// Sigma rules tested like code: records in the place of logs, what must fire, what must not, and why it did not.
import 'sidewire/vitest';
import { hunt } from 'sidewire/testing';
import { describe, expect, it } from 'vitest';

const RULE = `
title: Console starts a shell
id: 5f9cf2b1-9c0e-4a57-8d1f-0f6b7c8a9d10
logsource: { product: windows, category: process_creation }
level: high
detection:
  selection:
    ParentImage|endswith: '\\mmc.exe'
    Image|endswith: ['\\cmd.exe', '\\powershell.exe']
  filter_known:
    CommandLine|contains: '\\Scripts\\nightly.cmd'
  condition: selection and not filter_known
`;

const started = (data: Readonly<Record<string, string>>) => ({
  channel: 'Microsoft-Windows-Sysmon/Operational',
  event_id: 1,
  data: { ParentImage: 'C:\\Windows\\System32\\mmc.exe', Image: 'C:\\Windows\\System32\\cmd.exe', ...data },
});

describe('a shell of the console', () => {
  it('fires', async () => {
    expect(await hunt([started({ CommandLine: 'cmd.exe /c whoami' })], RULE)).toAlert('Console starts a shell');
  });

  it('stays silent on what is known, and on other parents', async () => {
    const known = started({ CommandLine: 'cmd.exe /c C:\\Scripts\\nightly.cmd' });
    const other = started({ ParentImage: 'C:\\Windows\\explorer.exe' });
    const seen = await hunt([known, other], RULE);
    expect(seen).not.toAlert('Console starts a shell');
    expect(seen.explained.get('5f9cf2b1-9c0e-4a57-8d1f-0f6b7c8a9d10')?.join('\n')).toContain(
      'ParentImage does not fit',
    );
  });
});
