import { random } from './bytes.js';
import type { Frame } from './frame.js';
import type { Conversation } from './pcap.js';

type Source = Conversation | readonly Frame[];

function framesOf(source: Source): readonly Frame[] {
  return 'frames' in source ? source.frames() : source;
}

/**
 * The same frames with the data segments of each turn in another order, the same for the same seed. Nothing is lost and
 * no acknowledgement overtakes what it confirms.
 */
export function reordered(source: Source, seed = 1): Frame[] {
  const frames = [...framesOf(source)];
  const next = random(seed);
  for (let from = 0; from < frames.length; ) {
    const first = frames[from] as Frame;
    let to = from + 1;
    const same = (frame: Frame | undefined) =>
      frame !== undefined && first.role === 'data' && frame.role === 'data' && frame.direction === first.direction;
    while (same(frames[to])) to += 1;
    for (let last = to - 1; last > from; last -= 1) swap(frames, last, from + Math.floor(next() * (last - from + 1)));
    from = to;
  }
  return frames;
}

/** Every `every`th data frame twice, the second one right behind. */
export function duplicated(source: Source, every = 1): Frame[] {
  let index = 0;
  return framesOf(source).flatMap((frame) => {
    const twice = frame.role === 'data' && index++ % every === 0;
    return twice ? [frame, { ...frame, time: frame.time + 1 }] : [frame];
  });
}

/** Without the data frames with these numbers, counted from 0. */
export function dropped(source: Source, numbers: readonly number[]): Frame[] {
  let index = 0;
  return framesOf(source).filter((frame) => frame.role !== 'data' || !numbers.includes(index++));
}

/** Frames change places, times stay where they are. */
function swap(frames: Frame[], a: number, b: number): void {
  const [first, second] = [frames[a] as Frame, frames[b] as Frame];
  frames[a] = { ...second, time: first.time };
  frames[b] = { ...first, time: second.time };
}
