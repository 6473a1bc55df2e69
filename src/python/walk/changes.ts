import { type Node } from '../tree';
import type { Change, Channel, Effect } from '../types';
import { isParameter } from './names';
import { expand, sharing } from './sharing';
import type { Walk } from './walk';

/** Notes a change of the object behind a name: a global, a parameter, or what a local name stands for. */
export function change(
  walk: Walk,
  name: string,
  node: Node,
  how: Change['how'],
  via?: string
): void {
  for (const root of expand(walk, name)) {
    if (isParameter(walk, root)) {
      walk.frame.code.changedParameters.add(root);
    } else {
      walk.frame.code.changes.push({
        name: root,
        at: walk.at(node),
        how,
        ...(via === undefined ? {} : { via })
      });
    }
  }
}

/** Notes a change of every object that an expression's value may share. */
export function changeSharing(
  walk: Walk,
  expression: Node,
  at: Node,
  how: Change['how'],
  via?: string
): void {
  for (const name of sharing(walk, expression)) {
    change(walk, name, at, how, via);
  }
}

/** Notes that the code reads or sets state that is no name. @param what for messages, cut to 60 characters */
export function effect(
  walk: Walk,
  channel: Channel,
  access: Effect['access'],
  node: Node,
  what: string,
  path?: string,
  byLookOf?: string
): void {
  walk.frame.code.effects.push({
    channel,
    access,
    at: walk.at(node),
    what: what.length > 60 ? `${what.slice(0, 57)}…` : what,
    ...(path === undefined ? {} : { path }),
    ...(byLookOf === undefined ? {} : { byLookOf })
  });
}

/** Notes code that reads or binds names which nobody can see in the text. */
export function dynamicCode(
  walk: Walk,
  what: string,
  node: Node,
  reads: boolean,
  binds: boolean
): void {
  walk.dynamic.push({ what, reads, binds, at: walk.at(node) });
  const { dynamic } = walk.frame.code;
  dynamic.reads ||= reads;
  dynamic.binds ||= binds;
}
