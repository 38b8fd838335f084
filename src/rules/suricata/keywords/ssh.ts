import type { Keyword } from './keyword.js';

/** A keyword that Suricata 8 refuses, with the buffer that says the same. */
function obsolete(name: string, buffer: string, doc: string): Keyword {
  return {
    name,
    family: 'ssh',
    doc,
    needs: { protocol: 'ssh' },
    value: 'required',
    quotes: 'allowed',
    lower(option, cx) {
      const pattern = name === 'ssh.protoversion' ? '2.0' : option.value;
      const help = `write \`${buffer}; content:"${pattern}";\``;
      cx.report('keyword/unsupported', option.span, `\`${name}\` is obsolete, and refused by Suricata 8`, help, name);
    },
    examples: [{ options: `${name}:x;`, protocol: 'ssh', error: 'keyword/unsupported' }],
  };
}

export const protoversion = obsolete(
  'ssh.protoversion',
  'ssh.proto',
  'Refused: `ssh.proto` holds the version that a side offers.',
);
export const softwareversion = obsolete(
  'ssh.softwareversion',
  'ssh.software',
  'Refused: `ssh.software` holds the software of a side.',
);
