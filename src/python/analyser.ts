import type { Parser } from 'web-tree-sitter';
import { allConstants } from './constants';
import { findDefinitions } from './definitions';
import { toPlainPython } from './ipython';
import { librarySettings } from './library-settings';
import { dynamicMagic, effectsOfMagic } from './magics';
import { KNOWN_STAR_NAMES, type StarNames } from './star-names';
import { blankLineInString } from './pasted-code';
import { syntaxErrorOf } from './syntax';
import { named, rangeOf, TreeParser, type Tree } from './tree';
import { ALONE } from './surroundings';
import type { CellFacts, Magic, Range, Surroundings } from './types';
import { walkCell, type WalkedFacts } from './walk';

/** Finds the facts of cells. The parser is shared and stays the caller's. */
export class CellAnalyser {
  /** @param stars what star imports bind, as far as it is known */
  constructor(
    parser: Parser,
    private readonly stars: StarNames = KNOWN_STAR_NAMES
  ) {
    this.trees = new TreeParser(parser);
  }

  /** The facts of a cell, found anew. @param around what the other cells tell: see {@link NotebookFacts} */
  analyse(source: string, around: Surroundings = ALONE): CellFacts {
    return analyseSource(this.trees, source, around, this.stars);
  }

  private readonly trees: TreeParser;
}

function analyseSource(
  trees: TreeParser,
  source: string,
  around: Surroundings,
  stars: StarNames
): CellFacts {
  const plain = toPlainPython(source);
  // A lone carriage return ends a line for CPython, not for the parser.
  const tree = trees.parse(plain.python.replace(/\r(?!\n)/g, '\n').replaceAll('\0', ' '));
  const syntaxError = source.includes('\0')
    ? nullByte(source)
    : tree.tooDeep
      ? undefined
      : syntaxErrorOf(tree);
  const walk = walkCell(tree, { around, stars, parse: text => trees.parse(text) });
  plain.expanded.forEach(each => walk.readLoosely(each.name, each.at));
  const walked = withoutTemporary(walk.facts(), plain.temporary);
  const shows = showsValue(tree);
  const { definitions, onlyDefines, constants } = findDefinitions(tree, shows, stars);
  const magicBinds = plain.magics.flatMap(magic =>
    magic.binds
      .filter(
        name => !walked.binds.some(each => each.name === name && each.at.line === magic.at.line)
      )
      .map(name => ({ name, kind: 'magic' as const, at: magic.at, certain: true }))
  );
  const settings = librarySettings(tree, walk).filter(
    each => !meetsMagic(each.at.line, each.at.endLine, plain.magics)
  );
  const ofDisplay = settings.find(each => each.ofDisplay);
  const history = [...walk.historyReads]
    .filter(([name]) => !walked.binds.some(each => each.name === name))
    .map(([name, at]) => ({ name, at }));
  const firstMagic = plain.magics[0];
  const needsIPython = firstMagic
    ? { what: firstMagic.text.split('\n')[0], at: firstMagic.at }
    : (plain.pasted ??
      blankLineInString(tree) ??
      walked.needsIPython ??
      (ofDisplay && { what: `${ofDisplay.what}()`, at: ofDisplay.at }) ??
      (history.length > 0
        ? { what: `\`${history[0].name}\`, IPython's history,`, at: history[0].at }
        : undefined));
  return {
    ...walked,
    source,
    syntaxError,
    binds: [...walked.binds, ...magicBinds],
    effects: [...walked.effects, ...plain.magics.flatMap(effectsOfMagic)],
    dynamic: [
      ...walked.dynamic,
      ...plain.magics.flatMap(dynamicMagic),
      ...(tree.tooDeep ? [tooDeep(tree)] : [])
    ],
    // A line that was rewritten is no definition: `out = !ls` is no constant.
    definitions: definitions.filter(each => !meetsMagic(each.line, each.endLine, plain.magics)),
    settings,
    magics: plain.magics,
    needsIPython,
    history,
    onlyDefines: onlyDefines && plain.magics.length === 0 && syntaxError === undefined,
    showsValue: shows,
    constants: allConstants(tree, constants).filter(
      each => !meetsMagic(each.at.line, each.at.endLine, plain.magics)
    )
  };
}

/** Names that `%timeit` binds are gone afterwards; who reads them reads what was there before. */
function withoutTemporary(facts: WalkedFacts, places: readonly Range[]): WalkedFacts {
  if (places.length === 0) {
    return facts;
  }
  const isGone = ({ at }: { readonly at: Range }) =>
    places.some(({ line, endLine }) => at.line >= line && at.line <= endLine);
  const gone = facts.binds.filter(isGone);
  const reads = gone
    .filter(({ name }) => !facts.reads.some(each => each.name === name))
    .map(({ name, at }) => ({ name, at, conditional: true, guarded: true }));
  return {
    ...facts,
    binds: facts.binds.filter(each => !isGone(each)),
    reads: [...facts.reads, ...reads],
    unshippable: facts.unshippable.filter(each => !isGone(each))
  };
}

function meetsMagic(line: number, endLine: number, magics: readonly Magic[]): boolean {
  return magics.some(each => each.at.line <= endLine && each.at.endLine >= line);
}

function nullByte(source: string): CellFacts['syntaxError'] {
  const before = source.slice(0, source.indexOf('\0')).split('\n');
  const line = before.length;
  const column = before[line - 1].length;
  return {
    code: 'NP201',
    severity: 'error',
    message: 'invalid syntax: the cell has a null byte',
    why: 'Python cannot run source code with null bytes',
    fix: 'delete the invisible character',
    span: { cell: 0, line, column, endLine: line, endColumn: column + 1 }
  };
}

/** What is nested deeper than the analysis goes may do anything. */
function tooDeep(tree: Tree): CellFacts['dynamic'][number] {
  return { what: 'code nested this deep', reads: true, binds: true, at: rangeOf(tree.root) };
}

function showsValue(tree: Tree): boolean {
  const last = named(tree.root).at(-1);
  if (
    last?.type !== 'expression_statement' ||
    named(last).some(each => /assignment$/.test(each.type))
  ) {
    return false;
  }
  return !/^\s*;/.test(tree.source.slice(last.end));
}
