import { type Diagnostic as AnyDiagnostic, placed } from '../../diagnostics/diagnostic.js';
import { CODES, type Code } from './codes.js';

/** Something to say about a Suricata rule or one of its settings files. */
export type Diagnostic = AnyDiagnostic<Code>;

/** Gives a finding about a rule its place. */
export const diagnostic = placed(CODES);
