import type { Command } from 'commander';
import type { CommandDef } from './command.js';

/** Adds what every command that runs the engine understands. */
function engineOptions(command: Command): void {
  command
    .option('-S, --rules <file...>', 'rule files (default: the rules that come with sidewire)')
    .option('-c, --config <file>', 'a suricata.yaml to start from')
    .option('--set <key=value...>', 'a setting by its key in suricata.yaml')
    .option('--home-net <networks>', '$HOME_NET, as in [10.0.0.0/8,192.168.1.0/24] or any')
    .option('--external-net <networks>', '$EXTERNAL_NET (default: everything outside $HOME_NET)')
    .option('--midstream', 'pick up sessions in the middle (default)')
    .option('--no-midstream', 'follow only sessions whose handshake is in the capture')
    .option('-k, --checksums <mode>', 'none: ignore them; all: drop packets with a wrong one; auto', 'auto')
    .option('--matcher <name>', 'auto, vectorscan or aho-corasick', 'auto');
}

function inputOptions(command: Command): void {
  command
    .option('--recursive', 'directories inside directories, too')
    .option('--order <order>', 'captures of a directory by name or by time', 'name')
    .option('--continue', 'flows go on from one capture into the next');
}

/** Every command. Help and the README's list come from here. */
export const COMMANDS: readonly CommandDef[] = [
  {
    name: 'replay',
    args: '<capture...>',
    summary: 'replay captures (files, directories, - for standard input) and write EVE JSON',
    options(command) {
      engineOptions(command);
      inputOptions(command);
      command
        .option('-l, --log-dir <dir>', 'directory that receives eve.json', 'sidewire-out')
        .option('--workers <n>', 'threads that inspect; 1 does everything in one thread')
        .option('--json', 'the summary as JSON');
    },
    run: async (...call) => (await import('./replay.js')).replay(...call),
  },
  {
    name: 'rules check',
    args: '<file...>',
    summary: 'say what is wrong with rules: file, line, column, and the way out',
    options(command) {
      command
        .option('-c, --config <file>', 'a suricata.yaml for the variables')
        .option('--set <key=value...>', 'a setting by its key in suricata.yaml')
        .option('--json', 'one JSON object with every diagnostic')
        .option('--editor', 'one line each: file:line:column: severity: message')
        .option('--stats', 'what is missing by keyword, and what loading costs');
    },
    run: async (...call) => (await import('./rules-check.js')).rulesCheck(...call),
  },
  {
    name: 'rules explain',
    args: '<sid> <capture...>',
    summary: 'say for each flow and transaction at which stage a rule failed',
    options(command) {
      engineOptions(command);
      inputOptions(command);
      command.option('--json', 'the trace as JSON');
    },
    run: async (...call) => (await import('./rules-explain.js')).rulesExplain(...call),
  },
  {
    name: 'rules list',
    args: '[word]',
    summary: 'the keywords rules may use here, with what they mean',
    options(command) {
      command.option('--json', 'as JSON');
    },
    run: async (...call) => (await import('./rules-list.js')).rulesList(...call),
  },
  {
    name: 'suricata',
    args: '[arguments...]',
    summary: "take Suricata's own flags and suricata.yaml (see sidewire suricata --help)",
    run: async (args, _options, terminal) => (await import('./suricata/main.js')).suricata(args, terminal),
  },
];
