import type { CellFacts, LaterCode } from '../python/types';
import type { CodeIndex } from './code-index';
import type { NameKinds } from './kinds';

/** False for what looks like a change and is none: a call of a function, a method of a module or one that only looks. */
export function isChange(
  change: CellFacts['changes'][number],
  kinds: NameKinds,
  index: CodeIndex
): boolean {
  const { name, how, via } = change;
  if (kinds.isModule(name) || kinds.isConstant(name)) {
    return false;
  }
  if (how === 'call') {
    return !kinds.isCode(name);
  }
  if (how === 'method' && via !== undefined) {
    const own = index.methods.get(via);
    if (own && !MUTATORS.has(via)) {
      return own.some(
        each =>
          each.changesParameters.some(parameter => parameter.index === 0) || each.changes.length > 0
      );
    }
    if (kinds.isCode(name) && index.code.has(name)) {
      // A class method or static method that is not the notebook's own.
      return !own;
    }
  }
  return true;
}

/** Methods of builtin containers that change them, whatever a class of the notebook calls its own. */
const MUTATORS = new Set(
  'append extend insert remove pop clear sort reverse update setdefault popitem add discard appendleft popleft write'.split(
    ' '
  )
);

/** Names whose objects are passed to a notebook function that changes its parameter. */
export function argumentChanges(facts: CellFacts, index: CodeIndex): readonly string[] {
  const found: string[] = [];
  for (const call of facts.calls) {
    const method = call.path.at(-1);
    const codes =
      method === undefined
        ? (index.code.get(call.root) ?? []).filter(
            each => !each.method || each.method.name === '__init__'
          )
        : (index.methods.get(method) ?? []);
    for (const code of codes) {
      const changed = changedParameters(code, index, new Set());
      const shift = code.method ? 1 : 0;
      let position = shift;
      for (const argument of call.arguments) {
        const hit =
          argument.keyword !== undefined
            ? changed.has(argument.keyword) || changed.has('*')
            : changed.has('*') ||
              changed.has(code.parameters[position] ?? '') ||
              (position >= code.parameters.length && changed.size > 0);
        if (argument.keyword === undefined) {
          position += 1;
        }
        if (hit) {
          found.push(...argument.names);
        }
      }
    }
    // A function that is handed over may be called with anything that is handed over beside it.
    for (const argument of call.arguments) {
      for (const name of argument.names) {
        const handed = (index.code.get(name) ?? []).filter(each => !each.method);
        if (handed.some(code => changedParameters(code, index, new Set()).size > 0)) {
          found.push(...call.arguments.flatMap(each => each.names), call.root);
        }
      }
    }
  }
  return found;
}

/** Names of parameters whose object the code changes; `*` if it hands them to other code of the notebook that changes its own. */
function changedParameters(
  code: LaterCode,
  index: CodeIndex,
  seen: Set<LaterCode>
): ReadonlySet<string> {
  const changed = new Set(code.changesParameters.map(each => each.name));
  seen.add(code);
  const called = code.calls.flatMap(name => index.code.get(name) ?? []);
  if (called.some(each => !seen.has(each) && changedParameters(each, index, seen).size > 0)) {
    changed.add('*');
  }
  return changed;
}
