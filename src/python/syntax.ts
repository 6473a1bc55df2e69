import type { Diagnostic } from '../diagnostics/types';
import { child, named, rangeOf, type Node, type Tree } from './tree';
import type { Range } from './types';

/**
 * The first thing in a cell that CPython would refuse. The parser recovers from errors and lets some invalid code pass, so both
 * its error nodes and our own checks are asked; what is only newer than the parser is let through.
 */
export function syntaxErrorOf({ root, source, hasError }: Tree): Diagnostic | undefined {
  const found = (hasError ? errorNode(root) : undefined) ?? invalid(root, source);
  if (!found || (hasError && onlyNewer(source))) {
    return undefined;
  }
  return {
    code: 'NP201',
    severity: 'error',
    message: `invalid syntax: ${found.words}`,
    why: 'Python cannot run this cell, neither with Run All nor as a step',
    fix: 'correct the line; the other cells are checked all the same',
    span: { cell: 0, ...found.at }
  };
}

interface Found {
  readonly at: Range;
  readonly words: string;
}

/** Valid code that the grammar reports as an error: type-parameter defaults (3.13) and starred targets in a row. */
function onlyNewer(source: string): boolean {
  return (
    /^\s*(class|def|type)\s+\w+\[[^\]]*=[^\]]*\]/m.test(source) ||
    /^[\w\s,]+,\s*\*\([\w\s,]+\)\s*=/m.test(source) ||
    /^\s*lazy\s+(import|from)\b/m.test(source)
  );
}

function errorNode(node: Node): Found | undefined {
  for (const each of node.children) {
    if (each.missing) {
      return {
        at: { ...rangeOf(each), endColumn: each.endColumn + 1 },
        words: `something is missing here (${each.type === 'identifier' ? 'an expression' : `\`${each.type}\``})`
      };
    }
    const inner = errorNode(each);
    if (inner) {
      return inner;
    }
    if (each.type === 'ERROR') {
      const at = rangeOf(each);
      return {
        at: at.endLine > at.line ? { ...at, endLine: at.line, endColumn: at.column + 1 } : at,
        words: 'this does not fit here'
      };
    }
  }
  return undefined;
}

/** Invalid code with a tree free of errors. */
function invalid(root: Node, source: string): Found | undefined {
  const text = (node: Node) => source.slice(node.start, node.end);
  const visit = (node: Node, inFunction: boolean, inLoop: boolean): Found | undefined => {
    const at = rangeOf(node);
    switch (node.type) {
      case 'print_statement':
        return /^print\s*>>/.test(text(node))
          ? undefined
          : { at, words: 'print is a function: write print(…)' };
      case 'exec_statement':
        return { at, words: 'exec is a function: write exec(…)' };
      case 'return_statement':
        if (!inFunction) {
          return { at, words: "'return' outside function" };
        }
        break;
      case 'yield':
        if (!inFunction) {
          return { at, words: "'yield' outside function" };
        }
        break;
      case 'break_statement':
      case 'continue_statement':
        if (!inLoop) {
          return { at, words: `'${text(node).trim()}' outside loop` };
        }
        break;
      case 'assignment': {
        const left = child(node, 'left');
        const right = child(node, 'right');
        if (
          left &&
          right &&
          left.endRow !== right.row &&
          !/[([{\\]/.test(source.slice(left.end, right.start))
        ) {
          const line = {
            line: left.row + 1,
            column: left.column,
            endLine: left.endRow + 1,
            endColumn: left.endColumn
          };
          return { at: line, words: 'nothing stands after the `=`' };
        }
        break;
      }
      case 'argument_list': {
        const first = node.children.findIndex(each => each.type === 'keyword_argument');
        const late =
          first < 0
            ? undefined
            : named(node)
                .slice(named(node).findIndex(each => each.type === 'keyword_argument'))
                .find(
                  each =>
                    !['keyword_argument', 'dictionary_splat', 'list_splat'].includes(each.type)
                );
        if (late) {
          return { at: rangeOf(late), words: 'positional argument follows keyword argument' };
        }
        break;
      }
      case 'block':
        if (named(node).length === 0) {
          return { at, words: 'an indented block is missing' };
        }
        break;
      case 'if_statement':
      case 'for_statement':
      case 'while_statement':
      case 'function_definition':
      case 'class_definition':
      case 'with_statement': {
        const body = child(node, 'consequence') ?? child(node, 'body');
        if (!body || named(body).length === 0) {
          return {
            at: { ...at, endLine: at.line, endColumn: at.column + 2 },
            words: 'an indented block is missing'
          };
        }
        if (body.row > node.row && body.column <= node.column) {
          return { at: rangeOf(body), words: 'expected an indented block' };
        }
        break;
      }
      case 'try_statement':
        if (!node.children.some(each => /^(except|finally)/.test(each.type))) {
          return {
            at: { ...at, endLine: at.line, endColumn: at.column + 3 },
            words: "'try' without 'except' or 'finally'"
          };
        }
        break;
      default:
        break;
    }
    const isFunction = node.type === 'function_definition' || node.type === 'lambda';
    const isClass = node.type === 'class_definition';
    const isLoop = node.type === 'for_statement' || node.type === 'while_statement';
    for (const each of node.children) {
      const found = visit(
        each,
        isClass ? false : inFunction || isFunction,
        isFunction || isClass ? false : inLoop || isLoop
      );
      if (found) {
        return found;
      }
    }
    return undefined;
  };
  return visit(root, false, false);
}
