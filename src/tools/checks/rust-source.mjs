// Reading Rust as far as the checks need: code without comments and texts, without tests, and what is defined in it.

/**
 * The code of a file: comments and the insides of texts are blanks, so that every offset and line stays what it was.
 * `rest`: texts stay, only comments go.
 */
export function blanked(text, { texts = true } = {}) {
  const out = [...text];
  const blank = (from, to) => {
    for (let at = from; at < to; at += 1) if (out[at] !== '\n') out[at] = ' ';
  };
  // By code units, as offsets are.
  out.length = 0;
  for (let at = 0; at < text.length; at += 1) out.push(text[at]);
  for (let at = 0; at < text.length; ) {
    const end = skipped(text, at);
    if (end === at) {
      at += 1;
      continue;
    }
    const isComment = text[at] === '/';
    if (isComment) blank(at, end);
    else if (texts) blank(text.indexOf(text[at] === "'" ? "'" : '"', at) + 1, end - 1);
    at = end;
  }
  return out.join('');
}

/** The end of the comment, text or character that begins here; `at` itself when none does. */
function skipped(text, at) {
  const two = text.slice(at, at + 2);
  if (two === '//') return endOf(text, '\n', at, 0);
  if (two === '/*') return endOfComment(text, at);
  if (text[at] === "'") return endOfCharacter(text, at);
  if (/\w/.test(text[at - 1] ?? '')) return at;
  const [, prefix, hashes] = /^(b?c?r?)(#*)"/.exec(text.slice(at, at + 20)) ?? [];
  if (prefix === undefined || (hashes !== '' && !prefix.endsWith('r'))) return at;
  const start = at + prefix.length + hashes.length + 1;
  if (prefix.endsWith('r')) return endOf(text, `"${hashes}`, start, hashes.length + 1);
  for (let here = start; here < text.length; here += 1) {
    if (text[here] === '\\') here += 1;
    else if (text[here] === '"') return here + 1;
  }
  return text.length;
}

function endOf(text, mark, from, length) {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found + length;
}

function endOfComment(text, at) {
  let depth = 0;
  for (let here = at; here < text.length; here += 1) {
    const two = text.slice(here, here + 2);
    if (two === '/*') depth += 1;
    else if (two === '*/') depth -= 1;
    else continue;
    here += 1;
    if (depth === 0) return here + 1;
  }
  return text.length;
}

/** `'a'` and `b'\n'` end, the lifetime `'a` does not begin one. */
function endOfCharacter(text, at) {
  const found = /^'(?:\\(?:x[0-9a-fA-F]{2}|u\{[0-9a-fA-F_]+\}|.)|[^'\\\n])'/u.exec(text.slice(at, at + 16));
  return found ? at + found[0].length : at;
}

/** Code without what is compiled for tests only. */
export function withoutTests(code) {
  let out = code;
  for (const match of code.matchAll(/#\[cfg\((?:test|all\(test[^\]]*|any\(test[^\]]*)\)\]/g)) {
    const end = endOfItem(code, match.index + match[0].length);
    out = out.slice(0, match.index) + out.slice(match.index, end).replace(/[^\n]/g, ' ') + out.slice(end);
  }
  return out;
}

/** Modules of a file that are files of their own and compiled for tests only. */
export function testModules(code) {
  return [...code.matchAll(/#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;/g)].map(
    ([, name]) => name,
  );
}

/** The end of the item that begins here, its attributes included: its brace's partner, or its semicolon. */
function endOfItem(code, from) {
  for (let at = from; at < code.length; at += 1) {
    if (code[at] === ';') return at + 1;
    if (code[at] === '{') return partner(code, at) + 1;
    if (code[at] === '(' || code[at] === '[') at = partner(code, at);
  }
  return code.length;
}

const CLOSING = { '(': ')', '[': ']', '{': '}' };

/** Where the bracket that opens here is closed. */
export function partner(code, open) {
  const opening = code[open];
  const closing = CLOSING[opening];
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    if (code[at] === opening) depth += 1;
    else if (code[at] === closing && --depth === 0) return at;
  }
  return code.length - 1;
}

/** The line of an offset, from 1. */
export function lineOf(text, offset) {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** Functions with a body: name, first line, and how many lines they have from `fn` to the brace that ends them. */
export function functions(code) {
  const found = [];
  for (const match of code.matchAll(/\bfn\s+(\w+)/g)) {
    const body = startOfBody(code, match.index + match[0].length);
    if (body === null) continue;
    const line = lineOf(code, match.index);
    found.push({ name: match[1], line, lines: lineOf(code, partner(code, body)) - line + 1 });
  }
  return found;
}

function startOfBody(code, from) {
  for (let at = from; at < code.length; at += 1) {
    if (code[at] === '(' || code[at] === '[') at = partner(code, at);
    else if (code[at] === ';') return null;
    else if (code[at] === '{') return at;
  }
  return null;
}

/** Types that a file defines in its modules (not inside functions, traits and implementations): name and line. */
export function typesDefined(code) {
  const found = [];
  const stack = [];
  let head = 0;
  for (let at = 0; at < code.length; at += 1) {
    const char = code[at];
    if (char === '{') {
      stack.push(/\bmod\s+\w+\s*$/.test(code.slice(head, at)) ? 'mod' : 'other');
      head = at + 1;
    } else if (char === '}') {
      stack.pop();
      head = at + 1;
    } else if (char === ';') head = at + 1;
    else if (/[seut]/.test(char) && !/\w/.test(code[at - 1] ?? '') && stack.every((kind) => kind === 'mod')) {
      const match = /^(struct|enum|union|trait|type)\s+([A-Z]\w*)/.exec(code.slice(at, at + 120));
      if (match) found.push({ name: match[2], line: lineOf(code, at) });
    }
  }
  return found;
}
