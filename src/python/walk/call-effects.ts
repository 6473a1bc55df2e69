import { stringValue } from '../constants';
import { effectsOfCall } from '../effects';
import { scopeOf } from '../scope';
import type { Node } from '../tree';
import { dynamicCode, effect } from './changes';
import { fileEffects } from './file-effects';
import { resolvesGlobal } from './names';
import type { Walk } from './walk';

/** A call, taken apart. */
export interface CallParts {
  readonly node: Node;
  readonly callee: Node;
  /** The function with its imports resolved (`numpy.random.seed`), or a method with its receiver's name (`df.sample`). */
  readonly spelled: string;
  /** The last word is a method of an object, not a function of a module. */
  readonly isMethod: boolean;
  readonly values: readonly Node[];
  readonly keywords: ReadonlyMap<string, Node>;
}

/** Functions that wait for a person. */
const INTERACTIVE = new Set([
  'input',
  'raw_input',
  'breakpoint',
  'getpass.getpass',
  'pdb.set_trace'
]);

/** Values that live in one process, by the qualified name of the function that makes them. */
const UNSHIPPABLE: readonly (readonly [RegExp, string])[] = [
  [/^(io\.|gzip\.|bz2\.|lzma\.|codecs\.)?open$/, 'open file'],
  [
    /^(sqlite3|psycopg2|pymysql|MySQLdb|duckdb|cx_Oracle|pyodbc|oracledb|snowflake\.connector)\.connect$/,
    'database connection'
  ],
  [/^sqlalchemy\.create_engine$/, 'database engine'],
  [/^socket\.(socket|create_connection)$/, 'socket'],
  [/^threading\.(Thread|Timer)$/, 'thread'],
  [
    /^multiprocessing\.(Pool|Process|Manager)$|^concurrent\.futures\.\w*Executor$/,
    'pool of workers'
  ],
  [/^xgboost\.DMatrix$/, 'xgboost.DMatrix'],
  [/^subprocess\.Popen$/, 'running process']
];

/** State of the process or the machine that a call reads or sets. */
export function callEffects(walk: Walk, call: CallParts): void {
  const { node, spelled, isMethod, keywords } = call;
  fileEffects(walk, call);
  for (const each of effectsOfCall(spelled, isMethod, new Set(keywords.keys()))) {
    effect(walk, each.channel, each.access, node, walk.text(node));
  }
}

/** Calls with a meaning of their own: code in strings, namespaces, people, values of one process. */
export function specialCall(walk: Walk, call: CallParts, targets: readonly Node[]): void {
  const { node, callee, spelled } = call;
  const { bound } = walk.flow;
  if (callee.type === 'identifier' && resolvesGlobal(walk, spelled) && !bound.has(spelled)) {
    namespaceCall(walk, call);
  }
  const module = /^(importlib\.import_module|__import__)$/.test(spelled) && call.values[0];
  const text = module ? stringValue(walk.text(module)) : undefined;
  if (text !== undefined) {
    walk.imports.push({ module: text, at: walk.at(node), conditional: true, optional: true });
  }
  if (INTERACTIVE.has(spelled) && !bound.has(spelled)) {
    walk.interactive.push({ what: `${spelled}()`, at: walk.at(node) });
  }
  if (/^IPython\.(core\.getipython\.)?get_ipython$/.test(spelled)) {
    walk.needsIPython ??= { what: 'get_ipython()', at: walk.at(node) };
  }
  const found = UNSHIPPABLE.find(([pattern]) => pattern.test(spelled));
  if (found && walk.isAtTop) {
    for (const target of targets) {
      if (target.type === 'identifier' && isDirectValue(walk, node, target)) {
        walk.unshippable.push({ name: walk.text(target), type: found[1], at: walk.at(node) });
      }
    }
  }
}

/** Builtins that read or bind names which the text does not show, or that only IPython has. */
function namespaceCall(walk: Walk, { node, spelled, values }: CallParts): void {
  switch (spelled) {
    case 'eval':
    case 'exec': {
      const literal =
        values[0] && values.length === 1 ? stringValue(walk.text(values[0])) : undefined;
      if (literal === undefined || !runText(walk, node, literal)) {
        dynamicCode(walk, `${spelled}()`, node, true, spelled === 'exec');
      }
      return;
    }
    case 'globals':
      dynamicCode(walk, 'globals()', node, true, true);
      return;
    case 'locals':
    case 'vars':
    case 'dir':
      // In a function these speak of its own names.
      if (values.length === 0 && walk.isAtTop) {
        dynamicCode(walk, `${spelled}()`, node, true, true);
      }
      return;
    case 'display':
    case 'get_ipython':
      walk.needsIPython ??= { what: `${spelled}()`, at: walk.at(node) };
      return;
    default:
  }
}

/** `exec("x = 1")` does what `x = 1` would do there, but that names which it binds in a function or class are gone afterwards. */
function runText(walk: Walk, node: Node, text: string): boolean {
  const { scope } = walk.frame;
  return walk.codeInString(text, node, root =>
    walk.isAtTop ? scope : scopeOf(walk.text, root, scope)
  );
}

/** The call's value itself is assigned to the target, not something made from it. */
function isDirectValue(walk: Walk, node: Node, target: Node): boolean {
  return /^\s*(:[^=]*)?=\s*$/.test(walk.source.slice(target.end, node.start));
}
