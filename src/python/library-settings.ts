import { channelOfTarget, effectsOfCall } from './effects';
import { child, named, rangeOf, type Node, type Tree } from './tree';
import type { LibrarySetting } from './types';
import { qualified, rootOf } from './walk/names';
import type { Walk } from './walk/walk';

/**
 * Functions that set how a library behaves from then on, by their last word. None that starts something (a server, a
 * session, a run) is among them: the call is made again in every later step.
 */
const SETTERS =
  /^(set_\w+|set[A-Z]\w*|setrecursionlimit|setdefaulttimeout|setswitchinterval|field_size_limit|enable|disable|enable_\w+|disable_\w+|use|use_\w+|UseExceptions|ion|ioff|extension|output_notebook|init_printing|init_session|init_notebook_mode|go_offline|register_\w+|reset_defaults)$/;

/** Parts of a dotted name that hold settings: whatever is called there sets one. */
const HOLDERS =
  /\.(options?|config|Config|settings|backends|templates|renderers|data_transformers|themes)\./;

/** Setters whose name says less. */
const OTHERS = /^(tqdm(\.\w+)*\.pandas)$/;

/** Settings of what the notebook shows, by IPython. */
const OF_DISPLAY = /^(sympy(\.\w+)*\.init_(printing|session)$|IPython\.)/;

/** Methods of IPython's shell and its formatters that set how values are shown. */
const SHELL_SETTERS = /^(for_type|for_type_by_name|set_\w+|enable_\w+|define_alias|define_magic)$/;

/**
 * Statements of a cell that set how a library behaves: `torch.set_default_dtype(torch.float64)`, `mp.dps = 50`,
 * `pd.DataFrame.shout = shout`. Found are those at the top of the cell that say the same in another process: all that they use
 * are literals, imports, and names that the graph may know as definitions.
 * @param walk after its walk over the tree
 */
export function librarySettings(tree: Tree, walk: Walk): readonly LibrarySetting[] {
  const shells = new Set<string>();
  return named(tree.root).flatMap(statement => {
    const [only, ...more] =
      statement.type === 'expression_statement'
        ? named(statement)
        : statement.type === 'decorated_definition'
          ? [statement]
          : [];
    if (!only || more.length > 0) {
      return [];
    }
    noteShell(only, walk, shells);
    const found = settingOf(only, walk);
    const source = tree.source.slice(only.start, only.end);
    const at = rangeOf(statement);
    return found ? [{ ...found, at, source }] : ofShell(only, walk, shells, at, tree.source);
  });
}

/** `ip = get_ipython()`: from then on the name stands for the shell; bound otherwise, it no longer does. */
function noteShell(node: Node, walk: Walk, shells: Set<string>): void {
  const target = node.type === 'assignment' ? child(node, 'left') : undefined;
  if (target?.type === 'identifier') {
    const value = child(node, 'right');
    const isShell = value?.type === 'call' && walk.text(value).replace(/\s/g, '') === GET_IPYTHON;
    shells[isShell ? 'add' : 'delete'](walk.text(target));
  }
}

const GET_IPYTHON = 'get_ipython()';

/** A setting of IPython's shell: `get_ipython().ast_node_interactivity = 'all'`, `ip.display_formatter.….for_type(int, show)`. */
function ofShell(
  node: Node,
  walk: Walk,
  shells: ReadonlySet<string>,
  at: LibrarySetting['at'],
  source: string
): readonly LibrarySetting[] {
  const isCall = node.type === 'call';
  const target = child(node, isCall ? 'function' : 'left');
  const value = child(node, isCall ? 'arguments' : 'right');
  if (!(isCall || node.type === 'assignment') || target?.type !== 'attribute' || !value) {
    return [];
  }
  let root: Node = target;
  while (['attribute', 'subscript'].includes(root.type) && named(root)[0]) {
    root = named(root)[0];
  }
  const text = walk.text(root).replace(/\s/g, '');
  const isShell = text === GET_IPYTHON || (root.type === 'identifier' && shells.has(text));
  const word = walk.text(target).replace(/^.*\./s, '');
  const reads = settled(value, walk);
  if (!isShell || !reads || (isCall && !SHELL_SETTERS.test(word))) {
    return [];
  }
  const rest = source.slice(root.end, node.end);
  const what = GET_IPYTHON + source.slice(root.end, target.end);
  return [
    {
      at,
      source: GET_IPYTHON + rest,
      package: 'IPython',
      what,
      reads: [...new Set(reads)],
      ofDisplay: true
    }
  ];
}

type Found = Omit<LibrarySetting, 'at' | 'source'>;

function settingOf(node: Node, walk: Walk): Found | undefined {
  switch (node.type) {
    case 'call':
      return callOf(node, walk);
    case 'assignment':
      return assignmentOf(node, walk);
    case 'decorated_definition':
      return registrationOf(node, walk);
    default:
      return undefined;
  }
}

/** What a decorator of a library hands to it: `@pd.api.extensions.register_dataframe_accessor('geo')`, `@register_line_magic`. */
function registrationOf(node: Node, walk: Walk): Found | undefined {
  const decorators = node.children.filter(each => each.type === 'decorator');
  const definition = child(node, 'definition');
  const target = definition && child(definition, 'name');
  const [expression] = decorators.length === 1 ? named(decorators[0]) : [];
  const callee = expression?.type === 'call' ? child(expression, 'function') : expression;
  const list = expression?.type === 'call' ? child(expression, 'arguments') : undefined;
  const name = callee && importedName(callee, walk);
  if (!callee || !target || name === undefined || !/\.register_\w+$/.test(name)) {
    return undefined;
  }
  const reads = list ? settled(list, walk) : [];
  const own = walk.text(target);
  const code = walk.later.filter(each => each.owner === own);
  const mentioned = code.flatMap(each => [...each.reads.map(read => read.name), ...each.calls]);
  const made = [...(walk.madeFrom.get(own) ?? []), ...mentioned].filter(each => each !== own);
  // What is kept in another way than by names (`global`, defaults that are values) is not made again.
  const isClear = code.every(
    each => each.binds.length === 0 && each.changes.every(change => change.how === 'call')
  );
  return reads && isClear
    ? settingFrom(callee, name, [...reads, ...made], walk, name.startsWith('IPython.'))
    : undefined;
}

function callOf(node: Node, walk: Walk): Found | undefined {
  const callee = child(node, 'function');
  const list = child(node, 'arguments');
  const name = callee && importedName(callee, walk);
  if (!callee || name === undefined || list?.type !== 'argument_list') {
    return undefined;
  }
  const last = name.slice(name.lastIndexOf('.') + 1);
  const sets = SETTERS.test(last) || OTHERS.test(name) || HOLDERS.test(name);
  if (!sets || effectsOfCall(name, false, new Set()).length > 0) {
    return undefined;
  }
  const reads = settled(list, walk);
  return reads && settingFrom(callee, name, reads, walk, OF_DISPLAY.test(name));
}

function assignmentOf(node: Node, walk: Walk): Found | undefined {
  const target = child(node, 'left');
  const value = child(node, 'right');
  if (target?.type !== 'attribute' || !value) {
    return undefined;
  }
  const name = importedName(target, walk);
  if (name === undefined || channelOfTarget(name) !== undefined) {
    return undefined;
  }
  const reads = settled(value, walk);
  return reads && settingFrom(target, name, reads, walk, OF_DISPLAY.test(name));
}

function settingFrom(
  node: Node,
  name: string,
  reads: readonly string[],
  walk: Walk,
  ofDisplay: boolean
): Found | undefined {
  const root = rootOf(walk, node);
  return root === undefined
    ? undefined
    : {
        package: name.split('.')[0],
        what: walk.text(node),
        reads: [...new Set([root, ...reads])],
        ofDisplay
      };
}

/** The dotted name behind an expression whose first name is an import. */
function importedName(node: Node, walk: Walk): string | undefined {
  const root = rootOf(walk, node);
  return root !== undefined && walk.known.has(root) ? qualified(walk, node) : undefined;
}

/** The names that an expression of literals and dotted names reads; undefined if it does more. */
function settled(node: Node, walk: Walk): readonly string[] | undefined {
  switch (node.type) {
    case 'identifier':
      return [walk.text(node)];
    case 'attribute':
      return importedName(node, walk) === undefined ? undefined : [rootOf(walk, node) ?? ''];
    case 'integer':
    case 'float':
    case 'true':
    case 'false':
    case 'none':
    case 'comment':
      return [];
    case 'string':
      return node.children.some(each => each.type === 'interpolation') ? undefined : [];
    case 'keyword_argument':
      return settledAll([child(node, 'value')], walk);
    case 'argument_list':
    case 'concatenated_string':
    case 'unary_operator':
    case 'binary_operator':
    case 'parenthesized_expression':
    case 'list':
    case 'tuple':
    case 'dictionary':
    case 'pair':
    case 'set':
      return settledAll(named(node), walk);
    default:
      return undefined;
  }
}

function settledAll(
  nodes: readonly (Node | undefined)[],
  walk: Walk
): readonly string[] | undefined {
  const all = nodes.map(each => each && settled(each, walk));
  return all.every(each => each !== undefined) ? all.flat() : undefined;
}
