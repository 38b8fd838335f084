import { options, type VNode } from 'preact';
import { printable } from '../../calls/wording.js';

/** Attributes that people read or hear. */
const READ = ['title', 'aria-label'] as const;

/**
 * Has every text that is put on the page pass through one place: what would turn or hide other text becomes an escape, whatever
 * view forgot it. Of markup there is nothing to fear: texts become nodes of text.
 */
export function guardTexts(): void {
  const before = options.vnode;
  options.vnode = (node: VNode) => {
    const props = node.props as Record<string, unknown>;
    if (props !== null && typeof props === 'object') {
      if ('children' in props) props.children = guarded(props.children);
      for (const name of READ) if (typeof props[name] === 'string') props[name] = guarded(props[name]);
    }
    before?.(node);
  };
}

/** A text, or those in a list, without what changes how others are read. Ends of lines stay: texts as they were written have them. */
function guarded(child: unknown): unknown {
  if (typeof child === 'string') return child.split('\n').map(printable).join('\n');
  return Array.isArray(child) ? child.map(guarded) : child;
}
