import { packageVersion } from '../package.js';
import { EXIT, EXIT_HELP, Stop } from './exit.js';
import { style, type Terminal } from './terminal.js';

/** Runs the command line; the exit status. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    // Suricata's command line has rules of its own (`-vv`, `-T` without a capture), which no option parser shares.
    if (argv[0] === 'suricata') return await (await import('./suricata/main.js')).suricata(argv.slice(1), terminal);
    return await parse(argv, terminal);
  } catch (error) {
    return report(error, terminal);
  }
}

/** What the commands below a word do. */
const GROUPS: Readonly<Record<string, string>> = {
  corpus: 'work on many captures and event logs by a queue',
  rules: 'check, explain and list rules',
};

async function parse(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [{ Command, CommanderError }, { COMMANDS }] = await Promise.all([import('commander'), import('./commands.js')]);
  const program = new Command('sidewire')
    .description('A network intrusion detection engine: Suricata rules, EVE JSON, DCOM calls in words.')
    .version(packageVersion(), '-V, --version')
    .addHelpText('after', EXIT_HELP);
  let status: number = EXIT.ok;
  const groups = new Map<string, InstanceType<typeof Command>>();
  for (const definition of COMMANDS) {
    const [head, tail] = definition.name.split(' ');
    let parent = program;
    if (head && tail) {
      parent = groups.get(head) ?? program.command(head).description(GROUPS[head] ?? '');
      groups.set(head, parent);
    }
    const command = parent.command(`${tail ?? head}${definition.args ? ` ${definition.args}` : ''}`);
    command.description(definition.summary);
    definition.options?.(command);
    if (definition.more) command.addHelpText('after', definition.more);
    command.action(async () => {
      status = await definition.run(command.args, command.opts(), terminal);
    });
  }
  const all = [
    program,
    ...groups.values(),
    ...[...groups.values()].flatMap(({ commands }) => commands),
    ...program.commands,
  ];
  for (const command of new Set(all))
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // `-S my.rules capture.pcap`: the capture was taken for a second rule file.
    if (error.code === 'commander.missingArgument' && argv.some((word) => /^(-S|--rules)/.test(word)))
      terminal.err('-S takes every word up to the next option: name the captures first, or put -- before them.');
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return status;
}

/** Says what went wrong, to people. */
function report(error: unknown, terminal: Terminal): number {
  const mark = style(terminal.color.err, ['bold', 'red'], 'error');
  if (error instanceof Stop) {
    if (error.message !== '') terminal.err(`${mark}: ${error.message}`);
    return error.status;
  }
  const { name, message, code } = error as Error & { code?: string };
  if (name === 'ConfigError') {
    terminal.err(`${mark}: ${message}`);
    return EXIT.usage;
  }
  if (name === 'EngineError') {
    terminal.err(`${mark}: ${message}`);
    return /^(capture|config|rules|secrets)\//.test(code ?? '') ? EXIT.usage : EXIT.engine;
  }
  terminal.err(`${mark}: this is a bug in sidewire: ${error instanceof Error ? error.stack : String(error)}`);
  return EXIT.engine;
}
