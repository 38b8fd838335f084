/**
 * What stops a run or a compilation. `code` is for programs: `addon/missing`, `addon/broken`, `config/invalid`,
 * `rules/compile`, `rules/closed`, `rules/unreadable`, `capture/not-found`, `capture/no-capture`, `capture/truncated`,
 * `capture/damaged`, `capture/unreadable`, `output/write`, `run/aborted`, `secrets/invalid`, `secrets/unreadable`,
 * `log/not-found`, `options/unknown`, `engine/internal`.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError';

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Makes an `EngineError` of what the addon throws: `[code] message`. */
export function fromNative(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const match = /^\[([\w-]+\/[\w-]+)\] ([\s\S]*)$/.exec(text);
  return match
    ? new EngineError(match[1] ?? '', match[2] ?? '', { cause: error })
    : new EngineError('engine/internal', text, { cause: error });
}
