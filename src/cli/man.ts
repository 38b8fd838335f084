import { Command } from 'commander';
import { COMMANDS } from './commands.js';
import { EXIT_HELP } from './exit.js';

/** The manual page, of the commands there are: man(7). */
export function manPage(): string {
  const lines = [
    '.\\" Written by `npm run generate` from src/cli/commands.ts.',
    '.TH SIDEWIRE 1',
    '.SH NAME',
    'sidewire \\- a network intrusion detection engine: Suricata rules, EVE JSON, DCOM calls in words',
    '.SH SYNOPSIS',
    ...COMMANDS.flatMap(({ name, args }) => [
      `.B sidewire ${escaped(name)}`,
      `${escaped(`[options] ${args ?? ''}`.trim())}`,
      '.br',
    ]),
    '.SH COMMANDS',
    ...COMMANDS.flatMap((definition) => {
      const command = new Command(definition.name);
      definition.options?.(command);
      const shown = command.options.filter(({ hidden }) => !hidden);
      return [
        `.SS ${escaped(`${definition.name} ${definition.args ?? ''}`.trim())}`,
        `${escaped(sentence(definition.summary))}`,
        ...shown.flatMap(({ flags, description, defaultValue }) => [
          '.TP',
          `.B ${escaped(flags)}`,
          escaped(
            sentence(description) + (typeof defaultValue === 'string' ? ` By default ${defaultValue || 'empty'}.` : ''),
          ),
        ]),
        ...(definition.more === undefined ? [] : asItStands(definition.more)),
      ];
    }),
    '.SH SIGNALS',
    ...SIGNALS.flatMap(([name, text]) => ['.TP', `.B ${name}`, escaped(text)]),
    '.SH EXIT STATUS',
    ...asItStands(EXIT_HELP.replace('Exit status:', '')),
    'The command',
    '.B suricata',
    "has Suricata's: 0 and 1.",
    '.SH SEE ALSO',
    'suricata(1), suricatasc(1), tcpdump(8)',
    '',
  ];
  return lines.join('\n');
}

const SIGNALS = [
  ['SIGINT, SIGTERM', 'End: what was read is finished and written.'],
  ['SIGHUP', 'Open the files of outputs anew, and connect sockets again.'],
  ['SIGUSR2', 'Reload rules and thresholds, between two packets. A set that cannot be read changes nothing.'],
] as const;

/** Text as roff has it: a backslash, a hyphen that may be typed, and a dot or quote that begins no request. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

function asItStands(text: string): string[] {
  return ['.PP', '.nf', ...escaped(text.trim()).split('\n'), '.fi'];
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.)]$/.test(first) ? first : `${first}.`;
}
