import { type Command, Option } from 'commander';
import type { CommandDef } from './command-def.js';

/** Keeps every value of an option that may be repeated. */
function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Adds what every command that runs the engine understands. */
function engineOptions(command: Command): void {
  command
    .option(
      '-S, --rules <file...>',
      'rule files, Sigma rules (.yml), directories of them (default: those that come with sidewire)',
    )
    .option('-c, --config <file>', 'a suricata.yaml to start from')
    .option('--rule-cache <dir>', 'where large rule sets are kept compiled (default: ~/.cache/sidewire/rules)')
    .option('--no-rule-cache', 'compile rules anew, and keep nothing')
    .option('--set <key=value>', 'a setting by its key in suricata.yaml (may be repeated)', collect)
    .option('--home-net <networks>', '$HOME_NET, as in [10.0.0.0/8,192.168.1.0/24] or any')
    .option('--external-net <networks>', '$EXTERNAL_NET (default: everything outside $HOME_NET)')
    .option('--midstream', 'pick up sessions in the middle (default)')
    .option('--no-midstream', 'follow only sessions whose handshake is in the capture')
    .option('-k, --checksums <mode>', 'none: ignore them; all: drop packets with a wrong one; auto', 'auto')
    .option('--matcher <name>', 'auto, vectorscan or aho-corasick (default: auto, or what mpm-algo says)');
}

/** Adds what opens sealed calls. */
function secretOptions(command: Command): void {
  command
    .option('--secrets <file>', 'passwords, NT hashes and Kerberos keys that open sealed calls; - for stdin', collect)
    .option('--keytab <file>', 'a keytab of the services called, for Kerberos (may be repeated)', collect)
    .option('--ntlm-hash <hex>', 'an NT hash of an account that calls (may be repeated)', collect)
    .option('--password <text>', 'a password of an account that calls; in --secrets it is not seen by others', collect);
}

/** What the help of a command that takes secrets says of them. */
const SECRETS_HELP = `
Secrets open calls sealed by NTLM or Kerberos; their signatures are verified, and what was opened is marked
("opened": true). A secrets file holds one a line: password TEXT, ntlm-hash HEX, kerberos-password
NAME@REALM TEXT, kerberos-key TYPE HEX (TYPE: aes256-cts-hmac-sha1-96, aes128-cts-hmac-sha1-96, rc4-hmac).
They are written nowhere.`;

function inputOptions(command: Command): void {
  command
    .option('--recursive', 'directories inside directories, too')
    .option('--order <order>', 'captures of a directory by name or by time', 'name')
    .option('--continue', 'flows go on from one capture into the next');
}

/** What the help of `sidewire calls` says after its options. */
const CALLS_HELP = `
A line a call: time, direction, what carries it, interface.procedure(arguments) -> results = status.
Calls are known from the bind of their connection unless they are marked [inferred]. Encrypted arguments
show their size. "!!" marks an alert, beside the call it is about. ".." stands for calls that only keep
objects (RemQueryInterface and the like); --full, --interface and --grep show them one by one.

Equal calls that follow one another are folded ("x 37"), rounds of several too ("these 3 calls 396 times");
what differs between them is shown as *. Values that were cut end in [+N characters].

With --json a line is the EVE event of type msrpc (sidewire/schema/msrpc.json): uncut, unfolded.

Examples:
  sidewire calls capture.pcap
  sidewire calls capture.pcap --host 10.0.0.5 --interface svcctl
  sidewire calls capture.pcap --grep 'cmd\\.exe|powershell' --full
  sidewire calls capture.pcap --json | jq -r .msrpc.says

Exit status 1 when there is no call to show, or something is wrong (a damaged capture, rules with errors).`;

/** What the help of `sidewire sensor` says after its options. */
const SENSOR_HELP = `
Capturing needs CAP_NET_RAW. Started as root, --user gives root's rights up once the interfaces are open. An
interface that goes down, away and back is captured again. \`sidewire doctor\` says what a host lacks.

Examples:
  sidewire sensor -i eth1 -S my.rules -l /var/log/sidewire --user sidewire
  sidewire sensor -i eth1 eth2 --bpf 'not port 22'`;

/** What the help of `sidewire top` says after its options. */
const TOP_HELP = `
Takes any number of command sockets (rates and losses; Suricata's serve, too) and of EVE files that grow
(talkers, alerts, and counters where stats are written). Ctrl-C ends it.

Example:
  sidewire top /run/sidewire/command.socket /var/log/sidewire/eve.json`;

/** Adds what commands on event logs understand of rules. */
function sigmaOptions(command: Command): void {
  command.option(
    '-S, --rules <path...>',
    'Sigma rules: files, directories of them (default: those that come with sidewire)',
  );
  logOptions(command);
}

/** Adds what is said of event logs beside the rules. */
function logOptions(command: Command): void {
  command
    .option('--placeholder <name=value>', 'a value of a placeholder of rules with |expand (may be repeated)', collect)
    .option('--no-complete', "do not take a 4688's missing parent from the parent's own event");
}

/** Adds what every command on a corpus understands. */
function corpusOptions(command: Command): void {
  command
    .option('--corpus <dir>', 'folder of the corpus: its results and, without --redis, its queue', 'sidewire-corpus')
    .option('--redis <url>', 'a queue on Redis, as in redis://10.0.0.1:6379, for workers on several machines (BullMQ)')
    .option('--queue <name>', 'name of the queue on Redis', 'sidewire')
    .option('--json', 'as JSON');
}

/** What the help of `sidewire corpus add` says after its options. */
const CORPUS_HELP = `
A corpus is worked on by any number of \`sidewire corpus work\`, on this machine or on several: \`corpus add\` puts
captures and event logs into a queue, workers take them one by one. Each input has a result of its own: a folder
with its eve.json, in which nothing of other inputs is. What has the same content, rules and options is done once.

The queue is a folder, which may be shared; with --redis it is BullMQ's (npm install bullmq ioredis). Inputs,
rules and configuration have the same path on all machines; a worker that finds other rules, options or another
version than the job was added with does not do it, and says so. A job whose worker is lost is done by another,
twice at most. Jobs that failed wait again when they are added again. Passwords and keys are not taken.

Examples:
  sidewire corpus add captures/ logs/ -S my.rules --sigma sigma/rules/windows
  sidewire corpus work
  sidewire corpus results --json | jq 'select(.alerts > 0) | .path'
  sidewire corpus work --redis redis://10.0.0.1:6379 --wait      # on each machine`;

/** What the help of `sidewire incidents` says after its options. */
const INCIDENTS_HELP = `
With logs, the process at each end of a flow is known by the connection (Sysmon 3, Security 5156), the logon by
address and port (4624), what ran by logon, process ids of the called object, parent and command line. The clocks
of hosts are measured by the connections before times are used. An incident is confirmed when connection or logon
are known and process, parent process or command line fit; probable when only kind of parent and time do. Logs of
another run, ports that were used again and addresses that two hosts answer for join nothing.

Exit status 1 when there is no incident, or something is wrong (a damaged capture, rules with errors).`;

/** What the help of `sidewire report` says after its options. */
const REPORT_HELP = `
One HTML file that needs nothing else: open it in a browser, with or without a network. It asks for nothing from anywhere.
It shows incidents, alerts by signature and pair, the ladder of calls between two hosts, every event and flow with
filters, and the techniques that rules look for. Keys: j k Enter e s / ?.

The page holds command lines and octets of the wire, and perhaps passwords: treat it as you treat the capture.
Of more events than --events it keeps incidents and alerts first, then what belongs to them, and says that it was cut.

Examples:
  sidewire report capture.pcap -o report.html
  sidewire report capture.pcap --logs logs.zip -o report.html
  sidewire report --eve /var/log/suricata/eve.json -o report.html`;

/** What the help of `sidewire serve` says after its options. */
const SERVE_HELP = `
The page of \`sidewire report\` over DIR/eve.json while it grows: of \`sidewire sensor\`, \`sidewire hunt\` or Suricata. The file is
the store, and rotation is followed. Archived and escalated groups and notes are kept in DIR/page-marks.jsonl.

On 127.0.0.1 whoever uses this machine sees the page. On any other address it asks for a token, which the address that is
shown at the start holds; there is no encryption: put it behind a proxy, or use ssh -L.

Examples:
  sidewire serve -l /var/log/sidewire
  sidewire serve -l /var/log/suricata -S /var/lib/suricata/rules/suricata.rules --listen 0.0.0.0:8472`;

/** What the help of `sidewire hunt` says after its options. */
const HUNT_HELP = `
Logs are .evtx, JSON lines (evtx_dump, winlogbeat, NXLog, Splunk's export, Elastic Common Schema, EVE) or XML, as they
are or in gz, zst and zip; which is which is seen by their content. Directories are searched whole.

A rule is held against the events of its log source only: channel, provider and event id. process_creation is
Sysmon 1 and Security 4688; what a 4688 does not say of its parent is taken from the parent's own event, and
marked ("completed": true), unless --no-complete. The summary says which rules could not apply: silence of the
others is clean.

Examples:
  sidewire hunt Security.evtx Sysmon.evtx -S sigma/rules/windows
  sidewire hunt logs.zip -S my-rule.yml -l out && jq .sigma.matched out/eve.json`;

/** Adds what the commands on coverage understand. */
function coverageOptions(command: Command): void {
  command
    .option(
      '--proved <path>',
      'what proves rules: proofs.tsv, info.yml, eve.json, directories (may be repeated)',
      collect,
    )
    .option('-c, --config <file>', 'a suricata.yaml for the variables of network rules')
    .option('--set <key=value>', 'a setting by its key in suricata.yaml (may be repeated)', collect)
    .option('--problems', 'everything that could not be read, a line each')
    .option('--json', 'as JSON');
}

/** What the help of the commands on coverage says after their options. */
const COVERAGE_HELP = `
Coverage takes rules of any vendor, told apart by what is in their files: Suricata, Sigma, Elastic (TOML with EQL, KQL,
Lucene or ES|QL), Splunk (YAML with SPL), Kusto (YAML). Those of the last three are read, not run. Fields have one name
whoever names them, retired techniques are those that took their place.

A rule is proved when a sample makes it alert: by proofs.tsv beside its file or given (a line each: rule, tab, sample;
\`rules test --proofs\` writes one), SigmaHQ's regression data (info.yml), or the eve.json of a replay or hunt.

Examples:
  sidewire rules list coverage --navigator layer.json
  sidewire rules list coverage -S my.rules sigma/rules --proved out/ --technique T1021.003
  sidewire rules guide T1021.003 -S sigma/rules detection-rules/rules security_content/detections`;

/** What the help of `sidewire rules test` says after its options. */
const TEST_HELP = `
An info.yml names rules (rule_metadata: id) and tests (regression_tests_info: path, match_count). path is that of a log from
the root of its repository, or beside the info.yml. A rule has to match match_count times at least (once without it), with 0
not at all. A test of type pcap is one of a network rule: id is its sid.

Examples:
  sidewire rules test sigma/regression_data
  sidewire rules test my-tests/ -S my-rules/ --junit results.xml --proofs my-rules/proofs.tsv`;

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
        .option(
          '--logs <log...>',
          'event logs of the hosts: flows get their processes, and incidents are added to eve.json',
        )
        .option('--workers <n>', 'threads that inspect; 1 does everything in one thread')
        .option('--json', 'the summary as JSON');
      secretOptions(command);
    },
    more: SECRETS_HELP,
    run: async (...call) => (await import('./replay.js')).replay(...call),
  },
  {
    name: 'sensor',
    summary: 'listen on interfaces, and write EVE JSON until it is stopped (Ctrl-C, SIGTERM)',
    options(command) {
      command.option(
        '-i, --interface <name...>',
        'interfaces (may be repeated; default: those of af-packet in the configuration)',
      );
      engineOptions(command);
      command
        .option('-l, --log-dir <dir>', 'directory that receives eve.json', 'sidewire-out')
        .option('--workers <n>', 'threads that inspect; 1: the one that reads (default: one a core, at most 4)')
        .option('--bpf <filter>', 'only packets that this filter takes, in the language of tcpdump')
        .option('--method <name>', 'what packets are read with: af-packet (default on Linux), pcap')
        .option('--pcap', 'read by libpcap: --method pcap')
        .option('--rings <n>', 'rings an interface, for cards with several queues')
        .option('--ring-size <octets>', 'memory of each ring, as in 256mb')
        .option('--no-promisc', 'only what is for this host')
        .option('--user <name>', 'become this user once the interfaces are open')
        .option('--group <name>', "become this group (default: the user's)")
        .option('--command-socket <path>', 'take commands at a unix socket, as suricatasc gives them')
        .option('--metrics <address>', 'serve counters to Prometheus at [ADDRESS:]PORT, /metrics')
        .option('--pidfile <path>', 'file for the number of the process')
        .option('--json', 'the summary as JSON');
      secretOptions(command);
    },
    more: SENSOR_HELP,
    run: async (...call) => (await import('./sensor.js')).sensor(...call),
  },
  {
    name: 'doctor',
    args: '[interface...]',
    summary: 'say what this host lacks for a sensor, each with the command that mends it',
    options(command) {
      command.option('--json', 'as JSON');
    },
    run: async (...call) => (await import('./doctor.js')).doctor(...call),
  },
  {
    name: 'calls',
    args: '<capture...>',
    summary: 'show the remote procedure calls between hosts as a ladder, with their arguments and alerts',
    options(command) {
      command
        .option('--host <address>', 'only calls from or to this address or network (may be repeated)', collect)
        .option(
          '--interface <name>',
          'only calls on this interface: name, UUID, or how it begins (may be repeated)',
          collect,
        )
        .option(
          '--user <account>',
          'only calls of this account: name, DOMAIN\\name or name@domain (may be repeated)',
          collect,
        )
        .option('--grep <expression>', 'only calls whose text matches, upper and lower case alike')
        .option('--full', 'arguments and lists uncut, and those that say little')
        .option('--absolute', 'times of day (UTC) instead of seconds since the first packet')
        .option('--json', 'one JSON object a call: the EVE event of type msrpc');
      engineOptions(command);
      inputOptions(command);
      secretOptions(command);
    },
    more: SECRETS_HELP + CALLS_HELP,
    run: async (...call) => (await import('./calls.js')).calls(...call),
  },
  {
    name: 'incidents',
    args: '<capture...>',
    summary: 'show what callers did on hosts: alerts and calls brought together, joined with event logs',
    options(command) {
      command
        .option('--logs <log...>', 'event logs of the hosts: files, directories, archives')
        .option('--json', 'one JSON object an incident: the EVE event of type incident');
      engineOptions(command);
      inputOptions(command);
      secretOptions(command);
    },
    more: SECRETS_HELP + INCIDENTS_HELP,
    run: async (...call) => (await import('./incidents.js')).incidents(...call),
  },
  {
    name: 'report',
    args: '[capture...]',
    summary: 'write what captures hold as one HTML page that opens offline',
    options(command) {
      command
        .option('-o, --output <file>', 'the page', 'report.html')
        .option('--logs <log...>', 'event logs of the hosts: files, directories, archives')
        .option('--eve <file>', 'make it of this file of EVE events, in the place of captures')
        .option('--events <n>', 'events that the page keeps at most', '50000')
        .option(
          '--explain',
          'how far each rule that alerted came on every flow; replays the captures for each, at most 20',
        );
      engineOptions(command);
      inputOptions(command);
      secretOptions(command);
    },
    more: SECRETS_HELP + REPORT_HELP,
    run: async (...call) => (await import('./report.js')).report(...call),
  },
  {
    name: 'serve',
    summary: 'serve the page over a directory whose eve.json grows, until it is stopped',
    options(command) {
      command
        .option('-l, --log-dir <dir>', 'directory with eve.json; marks and notes are kept there', 'sidewire-out')
        .option('--listen <address>', '[ADDRESS:]PORT; 0: any port that is free', '127.0.0.1:8472')
        .option('-S, --rules <file...>', 'the rules that are loaded, for their texts and techniques');
    },
    more: SERVE_HELP,
    run: async (...call) => (await import('./serve.js')).serve(...call),
  },
  {
    name: 'hunt',
    args: '<log...>',
    summary: 'hold Sigma rules against event logs (files, directories, - for standard input) and write EVE JSON',
    options(command) {
      sigmaOptions(command);
      command
        .option('-l, --log-dir <dir>', 'directory that receives eve.json', 'sidewire-out')
        .option('--json', 'the summary as JSON');
    },
    more: HUNT_HELP,
    run: async (...call) => (await import('./hunt.js')).hunt(...call),
  },
  {
    name: 'corpus add',
    args: '<path...>',
    summary: 'put captures and event logs (files, folders) into the queue of a corpus',
    options(command) {
      corpusOptions(command);
      engineOptions(command);
      command.option('--sigma <path...>', 'Sigma rules for event logs (default: those that come with sidewire)');
      logOptions(command);
    },
    more: CORPUS_HELP,
    run: async (...call) => (await import('./corpus-commands.js')).corpusAdd(...call),
  },
  {
    name: 'corpus work',
    summary: 'work on the queue of a corpus until nothing of it is left to do',
    options(command) {
      corpusOptions(command);
      command
        .option('--parallel <n>', 'inputs in work at a time (default: one a core, at most 4)')
        .option('--wait', 'wait for more when there is nothing left to do')
        .option('--lease <seconds>', 'silence after which a worker counts as lost', '30')
        .option('--rule-cache <dir>', 'where large rule sets are kept compiled (default: ~/.cache/sidewire/rules)')
        .option('--no-rule-cache', 'compile rules anew, and keep nothing');
    },
    run: async (...call) => (await import('./corpus-commands.js')).corpusWork(...call),
  },
  {
    name: 'corpus status',
    summary: 'say how many jobs of a corpus wait, are in work, done and failed, and why they failed',
    options: corpusOptions,
    run: async (...call) => (await import('./corpus-commands.js')).corpusStatus(...call),
  },
  {
    name: 'corpus results',
    summary: 'list the results of a corpus: input, alerts, and where its events are',
    options: corpusOptions,
    run: async (...call) => (await import('./corpus-commands.js')).corpusResults(...call),
  },
  {
    name: 'rules check',
    args: '<file...>',
    summary: 'say what is wrong with rules (Suricata, Sigma): file, line, column, and the way out',
    options(command) {
      command
        .option('-c, --config <file>', 'a suricata.yaml for the variables')
        .option('--set <key=value>', 'a setting by its key in suricata.yaml (may be repeated)', collect)
        .option('--json', 'one JSON object with every diagnostic')
        .option('--editor', 'one line each: file:line:column: severity: message')
        .option('--stats', 'what is missing by keyword, and what loading costs');
    },
    run: async (...call) => (await import('./rules-check.js')).rulesCheck(...call),
  },
  {
    name: 'rules explain',
    args: '<sid> <capture...>',
    summary: 'say at which stage a rule failed: for each flow, or, of a Sigma rule by its id, on event logs or traffic',
    options(command) {
      engineOptions(command);
      inputOptions(command);
      secretOptions(command);
      command.option('--json', 'the trace as JSON');
    },
    run: async (...call) => (await import('./rules-explain.js')).rulesExplain(...call),
  },
  {
    name: 'rules profile',
    args: '<capture...>',
    summary: 'measure what each rule costs: checks, matches, time, the dearest first, and what to change',
    options(command) {
      engineOptions(command);
      inputOptions(command);
      secretOptions(command);
      command.option('--top <n>', 'rules to show', '20').option('--json', 'every rule that was tried, as JSON');
    },
    more: `
A check is a rule held against a packet, stream, frame or transaction, after ports, flow and its fast
pattern have let it through; searching for the patterns of all rules at once is in no rule's time.
Times are of this machine, and measuring adds some 50 ns to each check; checks and matches are exact.

Examples:
  sidewire rules profile capture.pcap -S my.rules
  sidewire rules profile captures/ -S et.rules --json | jq '.rules[] | select(.advice)'`,
    run: async (...call) => (await import('./rules-profile.js')).rulesProfile(...call),
  },
  {
    name: 'rules list',
    args: '[word]',
    summary:
      'the keywords rules may use here; with -S, the Sigma rules there are; `coverage`: what rules look at, by technique',
    options(command) {
      command
        .option('-S, --rules <path...>', 'Sigma rules to list; for coverage, rules of any vendor: files, directories')
        .option('--technique <id>', 'of coverage: only rules about it, with everything they look at, as in T1021.003')
        .option('--navigator <file>', 'of coverage: write a layer for the ATT&CK Navigator');
      coverageOptions(command);
    },
    more: COVERAGE_HELP,
    run: async (...call) => (await import('./rules-list.js')).rulesList(...call),
  },
  {
    name: 'rules test',
    args: '<path...>',
    summary: "run regression data in SigmaHQ's format: info.yml beside logs and captures that rules are to match",
    options(command) {
      command
        .option(
          '-S, --rules <path...>',
          'rules: files, directories (default: the rules* directories beside regression_data)',
        )
        .option('--all', 'show the tests that pass, too')
        .option('--junit <file>', "write the results as JUnit's XML")
        .option('--proofs <file>', 'write what passed as proofs, for `rules list coverage --proved`')
        .option('--json', 'the results as JSON');
    },
    more: TEST_HELP,
    run: async (...call) => (await import('./rules-test.js')).rulesTest(...call),
  },
  {
    name: 'rules guide',
    args: '<technique>',
    summary: 'what rules about a technique have in common: fields, values and their reach, exclusions to copy',
    options(command) {
      command
        .option(
          '-S, --rules <path...>',
          'rules of any vendor: files, directories (default: those that come with sidewire)',
        )
        .option('--top <n>', 'lines of each table', '15')
        .option('--as-written', 'fields as each rule has them, not by their common name');
      coverageOptions(command);
    },
    more: COVERAGE_HELP,
    run: async (...call) => (await import('./rules-guide.js')).rulesGuide(...call),
  },
  {
    name: 'top',
    args: '<socket-or-file...>',
    summary: 'show what a sensor does: rates, losses, top talkers, alerts as they come',
    options(command) {
      command
        .option('--interval <seconds>', 'how often it is looked at', '2')
        .option('--all', 'of a file, what is there already, too')
        .option('--once', 'show it once, and end');
    },
    more: TOP_HELP,
    run: async (...call) => (await import('./top.js')).top(...call),
  },
  {
    name: 'rules show',
    args: '<rule>',
    summary: 'show a Sigma rule as a search of another product',
    options(command) {
      command
        .requiredOption('--as <product>', 'splunk')
        .option('-S, --rules <path...>', 'where the rule is looked for, when it is given by its id');
    },
    run: async (...call) => (await import('./rules-show.js')).rulesShow(...call),
  },
  {
    name: 'bench',
    args: '<capture...>',
    summary: 'measure what captures take here, by stage, and beside Suricata where it is installed',
    options(command) {
      engineOptions(command);
      inputOptions(command);
      command
        .option('--rounds <n>', 'how often each is measured', '3')
        .option('--suricata <program>', 'what to compare with', 'suricata')
        .option('--html <file>', 'a page with plots, which needs nothing else')
        .option('--json', 'the report as JSON')
        .addOption(new Option('--turn <json>').hideHelp());
    },
    more: `
Each round measures every stage and every program once, in processes of their own, so that a busy moment
hits all of them. Times of stages begin with the first packet; those of whole programs are also taken
without packets, and the difference is what the packets took. Checksums are ignored, one worker.`,
    run: async (...call) => (await import('./bench/main.js')).bench(...call),
  },
  {
    name: 'suricata',
    args: '[arguments...]',
    summary: "take Suricata's own flags and suricata.yaml (see sidewire suricata --help)",
    run: async (args, _options, terminal) => (await import('./suricata/main.js')).suricata(args, terminal),
  },
];
