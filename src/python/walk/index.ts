import type { StarNames } from '../star-names';
import type { Tree } from '../tree';
import type { Surroundings } from '../types';
import { stringConstants } from './call-effects';
import { expression } from './expressions';
import { statement } from './statements';
import { Walk } from './walk';

export type { WalkedFacts } from './walk';

/**
 * Walks the tree of a cell once and notes what it does to the names of the module.
 * @param around what other cells tell
 * @param stars what star imports bind
 */
export function walkCell(tree: Tree, around: Surroundings, stars: StarNames): Walk {
  const walk = new Walk(tree, around, stars, { statement, expression });
  stringConstants(tree).forEach((text, name) => walk.strings.set(name, text));
  walk.block(tree.root);
  return walk;
}
