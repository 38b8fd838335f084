import { type Diagnostic as AnyDiagnostic, type CodeTable, placed } from '../diagnostics/diagnostic.js';

/** Every code a diagnostic about rules that are read for the catalog may carry. */
export const CODES = {
  'coverage/file': ['error', 'The file cannot be read as what it is.'],
  'coverage/rule': ['error', 'A rule lacks what a rule of its vendor has.'],
  'coverage/query': ['warning', 'A part of a query cannot be read: it is not in the catalog.'],
  'coverage/proof': ['error', 'A proof cannot be read.'],
} as const satisfies CodeTable;

export type Code = keyof typeof CODES;

/** Something to say about what is read for the catalog. */
export type Diagnostic = AnyDiagnostic<Code>;

/** Gives a finding its place. */
export const diagnostic = placed(CODES);
