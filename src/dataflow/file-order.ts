import { isRemote } from '../python/file-calls';
import type { CellFacts, Effect } from '../python/types';
import type { Placed } from './ambient';
import type { EdgeList } from './edges';

/** What a step does to one path, from its first to its last cell that does. */
interface Use {
  readonly first: Placed;
  last: Placed;
  readonly path: string | undefined;
  readonly reads: boolean;
}

/**
 * A step that writes files comes before every later one that could read or write them, and readers before later writers
 * (semantics §6): unless both paths are known, differ, and are seen from the same folder.
 * @param placed effects in reference order
 */
export function orderFiles(placed: readonly Placed[], edges: EdgeList): void {
  const uses = usesOf(placed);
  for (const [index, one] of uses.entries()) {
    for (const other of uses.slice(index + 1)) {
      if (
        one.first.step === other.first.step ||
        (one.reads && other.reads) ||
        !mayMeet(one.path, other.path)
      ) {
        continue;
      }
      addEdge(one.first, other.last, one, other, edges);
      addEdge(other.first, one.last, other, one, edges);
    }
  }
}

function addEdge(earlier: Placed, later: Placed, from: Use, to: Use, edges: EdgeList): void {
  if (earlier.cell >= later.cell) {
    return;
  }
  const path = from.path ?? to.path;
  const words = `${earlier.effect.what} in step ${earlier.step} ${from.reads ? 'reads' : 'writes'} what ${later.effect.what} in step ${later.step} may ${to.reads ? 'read' : 'write'}`;
  edges.add(
    earlier.step,
    later.step,
    { kind: 'file', ...(path === undefined ? {} : { path }), words },
    earlier.cell,
    later.cell
  );
}

/** Effects on files, those of a step that say the same taken together. */
function usesOf(placed: readonly Placed[]): readonly Use[] {
  const moved = cellsThatMove(placed);
  const found = new Map<string, Use>();
  for (const each of placed) {
    const { effect, step, cell } = each;
    if (effect.channel !== 'files') {
      continue;
    }
    // Once the working folder is another, a relative path means another file.
    const isFixed = moved === undefined || cell < moved || isAbsolute(effect.path);
    const path = isFixed ? effect.path : undefined;
    const reads = effect.access === 'read';
    const key = [step, reads, path ?? '\0'].join('\n');
    const known = found.get(key);
    if (known) {
      known.last = each;
    } else {
      found.set(key, { first: each, last: each, path, reads });
    }
  }
  return [...found.values()];
}

/** The first cell that changes the working folder. */
function cellsThatMove(placed: readonly Placed[]): number | undefined {
  return placed.find(each => each.effect.channel === 'cwd' && each.effect.access !== 'read')?.cell;
}

function isAbsolute(path: string | undefined): boolean {
  return path?.startsWith('/') ?? false;
}

/** The paths may be of one file, or of a folder and what is in it; undefined is a path that is known only at run time. */
export function mayMeet(a: string | undefined, b: string | undefined): boolean {
  if ([a, b].some(each => each !== undefined && isRemote(each))) {
    return false;
  }
  if (a === undefined || b === undefined) {
    return true;
  }
  const [x, y] = [plain(a), plain(b)];
  if (/[*?[]/.test(a + b) || isOpen(x) || isOpen(y)) {
    return true;
  }
  if (x.startsWith('/') === y.startsWith('/')) {
    return x === y || holds(x, y) || holds(y, x);
  }
  return x.startsWith('/') ? meetsFromRoot(x, y) : meetsFromRoot(y, x);
}

/** Where the working folder lies nobody knows: the absolute path may end as the relative one does, or be of a folder around it. */
function meetsFromRoot(absolute: string, relative: string): boolean {
  const parts = absolute.slice(1).split('/');
  const ends = parts.map((_, index) => parts.slice(index).join('/'));
  const isFolder = !(parts.at(-1) ?? '').includes('.');
  return (
    isFolder || ends.some(end => end === relative || holds(end, relative) || holds(relative, end))
  );
}

/** The second is in the folder of the first, or is the first with the ending that the library gives it (`np.save('x', a)`). */
function holds(path: string, other: string): boolean {
  return (
    other.startsWith(`${path}/`) || other.startsWith(`${path}.`) || other.startsWith(`${path}-`)
  );
}

function plain(path: string): string {
  const parts: string[] = [];
  for (const part of path.replace(/\\/g, '/').split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') {
      parts.pop();
    } else if (part !== '.' && part !== '') {
      parts.push(part);
    }
  }
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
}

/** The working folder has all that is named from there; who goes up, or begins at home, may come down again. */
function isOpen(path: string): boolean {
  return path === '' || path === '/' || path.startsWith('..') || path.startsWith('~');
}

/**
 * Modules that cells may write, by their name, with the paths that the cells write; undefined for one that is known only at run
 * time, in a cell that names the module's file.
 */
export function writtenModules(
  cells: Iterable<{
    readonly facts: Pick<CellFacts, 'source'>;
    readonly effects: readonly Effect[];
  }>
): ReadonlyMap<string, ReadonlySet<string | undefined>> {
  const found = new Map<string, Set<string | undefined>>();
  const add = (name: string, path: string | undefined): void => {
    found.set(name, (found.get(name) ?? new Set()).add(path));
  };
  for (const { facts, effects } of cells) {
    const writes = effects.filter(each => each.channel === 'files' && each.access !== 'read');
    for (const path of new Set(writes.map(each => each.path))) {
      if (path === undefined) {
        for (const [, name] of facts.source.matchAll(/(\w+)\.py\b/g)) {
          add(name, undefined);
        }
      } else {
        // A folder on the way may be a package, or come onto `sys.path`.
        const parts = plain(path).replace(/\.py$/, '').split('/');
        parts.filter(each => /^\w+$/.test(each)).forEach(each => add(each, path));
      }
    }
  }
  return found;
}

/** Cells fetch or unpack whole folders, and say where modules are looked for: what they bring nobody can say. */
export function mayBringModules(effects: readonly Effect[]): boolean {
  return (
    effects.some(
      each => each.channel === 'files' && each.access !== 'read' && each.path === undefined
    ) &&
    effects.some(
      each => (each.channel === 'sys.path' || each.channel === 'cwd') && each.access !== 'read'
    )
  );
}
