import type { Tree } from '../tree';
import { stringConstants } from './file-effects';
import { expression } from './expressions';
import { statement } from './statements';
import { Walk, type Outside } from './walk';

export type { WalkedFacts } from './walk';

/**
 * Walks the tree of a cell once and notes what it does to the names of the module.
 */
export function walkCell(tree: Tree, outside: Outside): Walk {
  const walk = new Walk(tree, outside, { statement, expression });
  stringConstants(tree).forEach((text, name) => walk.strings.set(name, text));
  walk.block(tree.root);
  return walk;
}
