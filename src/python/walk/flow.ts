import { named, type Node } from '../tree';
import type { Walk } from './walk';

/** Code that runs on some paths only. */
export function maybe(walk: Walk, action: () => void): void {
  const { flow } = walk;
  const before = new Set(flow.bound);
  flow.depth += 1;
  action();
  flow.depth -= 1;
  certainAfter(walk, before, before);
}

/** Code whose missing names do no harm. */
export function guarded(walk: Walk, action: () => void): void {
  const { flow } = walk;
  flow.guards += 1;
  action();
  flow.guards -= 1;
}

/** After branches: what all of them bound is certainly bound, though each binding alone was not. */
export function certainAfter(
  walk: Walk,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>
): void {
  const { flow } = walk;
  flow.bound = new Set([...after].filter(name => !flow.unbound.has(name) || before.has(name)));
  if (flow.depth > 0 || !walk.isModuleTime) {
    return;
  }
  const { binds } = walk.top.code;
  for (const name of after) {
    if (!before.has(name)) {
      const index = binds.findLastIndex(each => each.name === name);
      if (index >= 0) {
        binds[index] = { ...binds[index], certain: true };
      }
    }
  }
}

/** The block ends by leaving: what comes after it in its branch is never reached. */
export function leaves(node: Node): boolean {
  const last = named(node).at(-1);
  return (
    last !== undefined &&
    (/^(raise|return|continue|break)_statement$/.test(last.type) ||
      (last.type === 'block' && leaves(last)))
  );
}

/** Names that all of the sets have. */
export function intersection(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const [first, ...rest] = sets;
  return new Set(first ? [...first].filter(each => rest.every(set => set.has(each))) : []);
}
