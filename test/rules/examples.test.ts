import { describe, expect, it } from 'vitest';
import { keywords } from '../../src/rules/suricata/index.js';
import { catalog, compileText, ruleOf } from './fixture.js';

const all = keywords(catalog);

describe('keyword examples', () => {
  for (const keyword of all.filter((one) => one.examples.length > 0)) {
    describe(keyword.name, () => {
      for (const { options, protocol, error } of keyword.examples) {
        it(`${options} ${error ?? 'loads'}`, () => {
          const { rules, diagnostics } = compileText(ruleOf(options, protocol));
          if (error === undefined) {
            expect(diagnostics.filter((one) => one.severity === 'error')).toEqual([]);
            expect(rules).toHaveLength(1);
          } else {
            expect(diagnostics.map((one) => one.code)).toContain(error);
            expect(rules).toEqual([]);
          }
        });
      }
    });
  }
});

describe('the keyword listing', () => {
  it('documents every keyword that is supported', () => {
    expect(all.filter((one) => one.supported && !/^[A-Z0-9`].*\.$/s.test(one.doc)).map((one) => one.name)).toEqual([]);
  });

  it('gives every keyword with a grammar of its own an example', () => {
    const fromCatalog = new Set([
      ...catalog.buffers.flatMap((row) => [row.name, row.modifier]),
      ...catalog.fields.map((row) => row.name),
      ...catalog.transforms,
    ]);
    expect(all.filter((one) => one.supported && one.examples.length === 0 && !fromCatalog.has(one.name))).toEqual([]);
  });

  it('knows older names', () => {
    const aliases = new Map(all.map((one) => [one.name, one.aliases]));
    expect(aliases.get('http.header_names')).toContain('http_header_names');
    expect(aliases.get('http.content_type')).toContain('http_content_type');
    expect(aliases.get('file.data')).toContain('file_data');
    expect(aliases.get('tcp.flags')).toContain('flags');
  });

  it('names what Suricata has and the engine has not', () => {
    const iprep = all.find((one) => one.name === 'iprep');
    expect(iprep).toMatchObject({ supported: false, family: 'reputation' });
    expect(all.find((one) => one.name === 'content')).toMatchObject({ supported: true, family: 'payload' });
    expect(all.find((one) => one.name === 'dcerpc.iface')?.aliases).toEqual(['dce_iface']);
  });
});
