import { describe, expect, it } from 'vitest';
import { spread } from './measure.js';
import { type BenchReport, reportPage, reportText } from './report.js';

const REPORT: BenchReport = {
  captures: ['a<b>.pcap'],
  rounds: 3,
  packets: 1000,
  octets: 500_000,
  rules: 14_000,
  alerts: 7,
  stages: [
    {
      stage: 'streams',
      seconds: { least: 0.5, median: 0.75 },
      cpu: 0.5,
      packetsPerSecond: 2000,
      gigabitsPerSecond: 0.008,
      peakMemory: 90_000_000,
      instructionsPerPacket: 4321.4,
    },
  ],
  engines: [
    {
      name: 'sidewire',
      whole: { least: 1, median: 2 },
      loading: { least: 0.5, median: 0.5 },
      packets: 1.5,
      peakMemory: null,
    },
  ],
  skipped: ['nobody runs here'],
};

describe('the report of a measurement', () => {
  it('says everything as text', () => {
    const text = reportText(REPORT).join('\n');
    expect(text).toContain('1,000 packets, 500 kB, 14,000 rules, 7 alerts; 3 rounds');
    expect(text).toMatch(/reading, decoding, flows, streams\s+0\.50\s+0\.75\s+0\.50\s+2,000\s+0\.01\s+90 MB\s+4,321/);
    expect(text).toMatch(/sidewire\s+1\.00\s+2\.00\s+0\.50\s+1\.50/);
    expect(text).toContain('skipped: nobody runs here');
  });

  it('is a page that fetches nothing and holds the figures', () => {
    const page = reportPage(REPORT);
    expect(page).not.toMatch(/(?:src|href)=|https?:/);
    expect(page).toContain('a&lt;b>.pcap');
    expect(page).not.toContain('a<b>');
    const data = /<script type="application\/json">(.*)<\/script>/.exec(page)?.[1] ?? '';
    expect(JSON.parse(data)).toEqual(REPORT);
    expect(page.match(/<h2>/g)).toHaveLength(3);
  });

  it('takes the least and the middle of its rounds', () => {
    expect(spread([3, 1, 2])).toEqual({ least: 1, median: 2 });
    expect(spread([2, 1])).toEqual({ least: 1, median: 2 });
  });
});
