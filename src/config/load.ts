import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError } from './error.js';
import { type ConfigMap, type ConfigNode, emptyMap, type Place, setPath } from './node.js';

/** Depth of `include` inside `include`; more is a circle. */
const MAX_INCLUDES = 16;

/** Reads a file; replaced in tests. */
export type ReadText = (path: string) => string;

/**
 * Reads a suricata.yaml with its includes.
 *
 * YAML 1.1 with every scalar as text, `include:` in any map (one file or a list), `!include`, keys with dots that stand
 * for a path, and `_` in keys read as `-` outside `vars`.
 * @throws {ConfigError} when a file cannot be read or is no YAML
 */
export function loadConfig(path: string, read: ReadText = (file) => readFileSync(file, 'utf8')): ConfigMap {
  return new Loader(read).file(path, 0, null, false);
}

/** Reads a configuration from text. `path` is used in messages and to find includes. */
export function parseConfig(text: string, path: string, read?: ReadText): ConfigMap {
  return new Loader(read ?? ((file) => readFileSync(file, 'utf8'))).text(text, path, 0, false);
}

class Loader {
  constructor(private readonly read: ReadText) {}

  file(path: string, depth: number, from: Place | null, variables: boolean): ConfigMap {
    if (depth > MAX_INCLUDES)
      throw new ConfigError(`includes nest too deeply at ${path}`, from, 'Does it include itself?');
    let text: string;
    try {
      text = this.read(path);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
      throw new ConfigError(`cannot read ${path}: ${reason}`, from, 'Name another file with `-c`, or leave it out.');
    }
    return this.text(text, path, depth, variables);
  }

  text(text: string, path: string, depth: number, variables: boolean): ConfigMap {
    const lines = new LineCounter();
    const document = parseDocument(text, {
      version: '1.1',
      schema: 'failsafe',
      uniqueKeys: false,
      lineCounter: lines,
      keepSourceTokens: false,
      logLevel: 'error',
    });
    const at = (offset: number): Place => {
      const { line, col } = lines.linePos(offset);
      return { file: path, line, column: col };
    };
    const [wrong] = document.errors;
    if (wrong)
      throw new ConfigError(
        `not valid YAML: ${wrong.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`,
        at(wrong.pos[0]),
        'Indentation must be spaces, and text with `: ` or `#` in it must be quoted.',
      );
    const root = emptyMap({ file: path, line: 1, column: 1 });
    const node = document.contents as Node | null;
    if (isMap(node)) this.fill(root, node, { path, at, depth, document }, variables);
    else if (node !== null && !(isScalar(node) && (node.value === null || node.value === '')))
      throw new ConfigError('a configuration must be a map of keys', root.place, 'Start with `%YAML 1.1` and `---`.');
    return root;
  }

  private fill(into: ConfigMap, map: Node, source: FileSource, variables: boolean): void {
    if (!isMap(map)) return;
    for (const pair of map.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const raw = String(pair.key.value ?? '');
      const value = pair.value as Node | null;
      const place = source.at((pair.key.range ?? [0])[0]);
      if (raw === 'include') {
        for (const file of includes(this.node(value, source, variables, place)))
          this.merge(into, this.file(beside(source.path, file), source.depth + 1, place, variables));
        continue;
      }
      const inside = variables || raw === 'address-groups' || raw === 'port-groups' || raw.startsWith('vars.');
      const key = inside ? raw : raw.replaceAll('_', '-');
      const child = this.node(value, source, inside, place);
      if (key.includes('.')) setPath(into, key.split('.'), child);
      else into.entries.set(key, child);
    }
  }

  private node(value: Node | null, source: FileSource, variables: boolean, place: Place): ConfigNode {
    const node = isAlias(value) ? value.resolve(source.document as never) : value;
    if (!node) return { kind: 'scalar', text: '', place };
    const here = node.range ? source.at(node.range[0]) : place;
    if (isMap(node)) {
      const map = emptyMap(here);
      this.fill(map, node, source, variables);
      return map;
    }
    if (isSeq(node))
      return {
        kind: 'list',
        items: node.items.map((item) => this.node(item as Node, source, variables, here)),
        place: here,
      };
    const text = isScalar(node) ? String(node.value ?? '') : '';
    if (node.tag === '!include') return this.file(beside(source.path, text), source.depth + 1, here, variables);
    return { kind: 'scalar', text: text === '~' ? '' : text, place: here };
  }

  /** What an included file says replaces what was there, key by key. */
  private merge(into: ConfigMap, from: ConfigMap): void {
    for (const [key, child] of from.entries) {
      const present = into.entries.get(key);
      if (present?.kind === 'map' && child.kind === 'map') this.merge(present, child);
      else into.entries.set(key, child);
    }
  }
}

interface FileSource {
  readonly path: string;
  readonly at: (offset: number) => Place;
  readonly depth: number;
  readonly document: unknown;
}

function includes(node: ConfigNode): string[] {
  if (node.kind === 'scalar') return node.text === '' ? [] : [node.text];
  return node.kind === 'list' ? node.items.flatMap(includes) : [];
}

function beside(path: string, file: string): string {
  return isAbsolute(file) ? file : join(dirname(path), file);
}
