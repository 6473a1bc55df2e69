import { stringValue } from '../constants';
import {
  accessByName,
  fileRulesOf,
  fileRulesOfMethod,
  isPathKeyword,
  isPathName,
  isPlainMethod,
  isWithoutFiles,
  localFile,
  looksLikePath,
  type FileUseRule
} from '../file-calls';
import {
  ABSORBING_METHODS,
  BUILTIN_CALLS,
  FRESH_FUNCTIONS,
  FRESH_METHODS,
  READING_METHODS
} from '../knowledge';
import { targetNames } from '../scope';
import { child, named, type Node, type Tree } from '../tree';
import type { Effect } from '../types';
import type { CallParts } from './call-effects';
import { effect } from './changes';
import { lastWord, qualified, resolvesGlobal } from './names';
import type { Walk } from './walk';

/**
 * The files that a call may read or write. What is known about a function holds; of others, those count whose name says so, and
 * those that are handed a text which looks like a path: what they do with it nobody knows, so they may do both.
 */
export function fileEffects(walk: Walk, call: CallParts): void {
  const { spelled, isMethod, callee } = call;
  const last = lastWord(walk, callee);
  if (walk.flow.bound.has(spelled) && callee.type === 'identifier') {
    // A name of the cell's own, whatever else has it: `open = …`.
    byItsLook(walk, call, last);
    return;
  }
  const rules = isMethod ? fileRulesOfMethod(last) : fileRulesOf(spelled);
  if (rules) {
    rules.forEach(rule => byRule(walk, call, rule));
    return;
  }
  if (
    isMethod &&
    /^(system|getoutput|run_cell|run_cell_magic)$/.test(last) &&
    /^get_ipython\b/.test(spelled)
  ) {
    effect(walk, 'files', 'change', call.node, walk.text(call.node));
    return;
  }
  if (isMethod ? !isHarmlessMethod(last) : !isWithoutFiles(spelled)) {
    byItsLook(walk, call, last);
  }
}

function isHarmlessMethod(last: string): boolean {
  return (
    isPlainMethod(last) ||
    ABSORBING_METHODS.has(last) ||
    ((READING_METHODS.has(last) || FRESH_METHODS.has(last)) && !/^(load|read|get_file)/.test(last))
  );
}

function byRule(walk: Walk, call: CallParts, rule: FileUseRule): void {
  const { node, values, keywords } = call;
  const positional = values.filter(each => each.type !== 'keyword_argument');
  const byKeyword = [...keywords].find(([name]) => rule.keywords.test(name))?.[1];
  const byPosition = rule.argument === 'none' ? undefined : positional[rule.argument];
  const own = byPosition ?? (rule.argument === 'none' && !rule.onlyIfGiven ? undefined : byKeyword);
  if (rule.onlyIfGiven && (!own || !mayBePath(walk, own))) {
    return;
  }
  const path = own
    ? pathOf(walk, own)
    : call.isMethod
      ? pathOfReceiver(walk, call.callee)
      : undefined;
  effect(walk, 'files', accessOf(walk, rule, positional, keywords), node, walk.text(node), path);
}

function accessOf(
  walk: Walk,
  { access, mode }: FileUseRule,
  positional: readonly Node[],
  keywords: ReadonlyMap<string, Node>
): Effect['access'] {
  if (access !== 'mode' || !mode) {
    return access === 'mode' ? 'change' : access;
  }
  const given = keywords.get(mode.keyword) ?? positional[mode.argument];
  if (!given) {
    return mode.reads ? 'read' : 'change';
  }
  const text = given.type === 'string' ? stringValue(walk.text(given)) : undefined;
  return text !== undefined && mode.reading.test(text.replace(/^[bt]r/, 'r')) ? 'read' : 'change';
}

/** The argument is no text that is plainly something other than a path. */
function mayBePath(walk: Walk, node: Node): boolean {
  if (node.type === 'none') {
    return false;
  }
  const text = node.type === 'string' ? stringValue(walk.text(node)) : undefined;
  if (node.type === 'string' && text === undefined) {
    return !/[<\n]/.test(walk.text(node));
  }
  return text === undefined || looksLikePath(text) || /^[\w.-]+$/.test(text);
}

/** A function of which nothing is known but its name and its arguments. */
function byItsLook(walk: Walk, call: CallParts, last: string): void {
  const { node, callee, isMethod, spelled, values, keywords } = call;
  const isOwn = callee.type === 'identifier' && !walk.known.has(spelled);
  if (isOwn && (BUILTIN_CALLS.has(last) || FRESH_FUNCTIONS.has(last) || isException(last))) {
    return;
  }
  const positional = values.filter(each => each.type !== 'keyword_argument');
  const paths = [
    ...positional.flatMap(each => pathsIn(walk, each)),
    ...[...keywords].flatMap(([name, value]) => (isPathKeyword(name) ? pathsIn(walk, value) : []))
  ];
  const byName = accessByName(last);
  // `f.write(text)`, `f.read(10)`: a handle's, unless the text is a path.
  const saysSo = byName !== undefined && !isOwn && !(isMethod && /^(write|read)$/.test(last));
  const found = paths.length > 0 ? paths : saysSo && values.length > 0 ? [undefined] : [];
  for (const path of new Set(found)) {
    effect(walk, 'files', byName ?? 'change', node, walk.text(node), path, last);
  }
}

function isException(name: string): boolean {
  return /(Error|Exception|Warning)$|^(SystemExit|KeyboardInterrupt|StopIteration)$/.test(name);
}

/** The paths that an argument shows, undefined for one that is put together while running. */
function pathsIn(walk: Walk, node: Node): readonly (string | undefined)[] {
  switch (node.type) {
    case 'list':
    case 'tuple':
    case 'set':
      return named(node)
        .flatMap(each => pathsIn(walk, each))
        .filter(each => each === undefined || /\.\w+$/.test(each));
    default:
      return showsPath(walk, node) ? [pathOf(walk, node)] : [];
  }
}

/** The expression gives a path, as far as its text shows. */
export function showsPath(walk: Walk, node: Node): boolean {
  switch (node.type) {
    case 'string': {
      const text = stringValue(walk.text(node));
      // Of a text with `{…}` in it, what stands around them.
      return text === undefined
        ? /^\w*f/i.test(walk.text(node)) &&
            looksLikePath(
              walk
                .text(node)
                .replace(/^\w+|["']/g, '')
                .replace(/\{[^{}]*\}/g, 'x')
            )
        : looksLikePath(text);
    }
    case 'concatenated_string':
    case 'binary_operator':
    case 'conditional_expression':
    case 'boolean_operator':
    case 'parenthesized_expression':
      return named(node).some(each => showsPath(walk, each));
    case 'identifier': {
      const name = walk.text(node);
      return (
        isPathName(name) ||
        walk.paths.has(name) ||
        (resolvesGlobal(walk, name) && walk.around.paths.has(name))
      );
    }
    case 'attribute':
      return isPathName(lastWord(walk, node));
    case 'call': {
      const callee = child(node, 'function');
      const list = child(node, 'arguments');
      const name = callee && (qualified(walk, callee) ?? '');
      if (!callee || !list) {
        return false;
      }
      if (
        /^(os\.path\.(join|abspath|expanduser|realpath)|pathlib\.\w*Path(\.\w+)?|tempfile\.(mkdtemp|gettempdir|mktemp))$/.test(
          name ?? ''
        )
      ) {
        return true;
      }
      const receiver = child(callee, 'object');
      return (
        (/^(str|repr)$/.test(name ?? '') && named(list).some(each => showsPath(walk, each))) ||
        (receiver !== undefined &&
          /^(format|joinpath|with_suffix|with_name|as_posix|resolve|absolute|expanduser)$/.test(
            lastWord(walk, callee)
          ) &&
          showsPath(walk, receiver))
      );
    }
    default:
      return false;
  }
}

/** A path that is a string literal, or a name bound to one in this cell; undefined if it is known only at run time. */
function pathOf(walk: Walk, node: Node): string | undefined {
  const isName = node.type === 'identifier' && walk.isModuleTime;
  const text = isName ? walk.strings.get(walk.text(node)) : walk.text(node);
  const value = text === undefined ? undefined : stringValue(text);
  return value === undefined ? undefined : (localFile(value) ?? value);
}

/** `x` of `Path('x').write_text(…)`. */
function pathOfReceiver(walk: Walk, callee: Node): string | undefined {
  const receiver = child(callee, 'object');
  const maker = receiver?.type === 'call' ? child(receiver, 'function') : undefined;
  const list = receiver && child(receiver, 'arguments');
  const values = list ? named(list) : [];
  const isPath = maker !== undefined && /^pathlib\.\w*Path$/.test(qualified(walk, maker) ?? '');
  // `rename` and the like have to do with two files, and a glob with those in the folder.
  const isOne = /^(write|read)_|^(mkdir|touch|unlink|rmdir|exists|is_file|is_dir|stat|open)$/.test(
    lastWord(walk, callee)
  );
  return isPath && isOne && values.length === 1 ? pathOf(walk, values[0]) : undefined;
}

/** The names that a cell's statements bind to a string literal and to nothing else, as source text. */
export function stringConstants({ source, root }: Tree): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const statement of named(root)) {
    const assignment = statement.type === 'expression_statement' ? named(statement)[0] : undefined;
    const [left, right] = assignment?.type === 'assignment' ? named(assignment) : [];
    if (left?.type === 'identifier' && right?.type === 'string') {
      found.set(source.slice(left.start, left.end), source.slice(right.start, right.end));
    }
  }
  if (found.size > 0) {
    const times = new Map<string, number>();
    countTargets(root, name => times.set(name, (times.get(name) ?? 0) + 1), source);
    [...found.keys()].filter(name => times.get(name) !== 1).forEach(name => found.delete(name));
  }
  return found;
}

/** Calls back for every place where a name may get a value. */
function countTargets(node: Node, count: (name: string) => void, source: string): void {
  const text = (each: Node) => source.slice(each.start, each.end);
  if (node.type === 'global_statement') {
    named(node).forEach(each => count(text(each)));
  }
  if (node.type === 'named_expression') {
    named(node)
      .slice(0, 1)
      .forEach(each => count(text(each)));
  }
  for (const each of node.children) {
    if (each.field === 'left' || each.field === 'alias') {
      targetNames(each).map(text).forEach(count);
    }
    countTargets(each, count, source);
  }
}
