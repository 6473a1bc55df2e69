import { bearsState } from './effects';
import type { Binding, CellFacts, Surroundings } from './types';

/** Nothing is known of other cells. */
export const ALONE: Surroundings = {
  imports: new Map(),
  fresh: new Set(),
  figures: new Set(),
  paths: new Set()
};

/** What the cells tell about each other's names: imports that are never bound otherwise, and functions whose value is their own. */
export function surroundingsOf(cells: Iterable<CellFacts>): Surroundings {
  const imports = new Map<string, string>();
  const others = new Set<string>();
  const fresh = new Map<string, boolean>();
  const binds: Binding[] = [];
  const figures = new Set<string>();
  const paths = new Set<string>();
  for (const { binds: own, later, figures: drawn, paths: named } of cells) {
    named.forEach(each => paths.add(each));
    drawn.forEach(each => figures.add(each));
    binds.push(...own);
    for (const each of own) {
      if (each.kind === 'import' || each.kind === 'from-import') {
        const { module = '', attribute } = each;
        const plain = attribute === undefined && module.split('.')[0] === each.name;
        const dotted = plain ? each.name : module;
        imports.set(each.name, attribute !== undefined ? `${module}.${attribute}` : dotted);
      } else {
        others.add(each.name);
        if (each.kind !== 'def') {
          fresh.set(each.name, false);
        }
      }
    }
    for (const code of later) {
      const name = code.method?.name ?? code.owner;
      const own = !code.returnsParameters && code.returnsGlobals.length === 0;
      fresh.set(name, own && (fresh.get(name) ?? true));
    }
  }
  others.forEach(name => imports.delete(name));
  standIns(binds, imports).forEach((dotted, name) => imports.set(name, dotted));
  const own = [...fresh].flatMap(([name, isOwn]) => (isOwn ? [name] : []));
  return { imports, fresh: new Set(own), figures, paths };
}

/** Names that are only ever another name of something that bears state of the process: `draw = random.random`. */
function standIns(
  binds: readonly Binding[],
  imports: ReadonlyMap<string, string>
): ReadonlyMap<string, string> {
  const found = new Map<string, string | undefined>();
  for (const { name, standsFor } of binds) {
    const [root, ...path] = standsFor?.split('.') ?? [''];
    const module = imports.get(root);
    const dotted = module === undefined ? undefined : [module, ...path].join('.');
    const isSame = !found.has(name) || found.get(name) === dotted;
    found.set(name, isSame && dotted !== undefined && bearsState(dotted) ? dotted : undefined);
  }
  return new Map([...found].flatMap(([name, dotted]) => (dotted ? [[name, dotted]] : [])));
}

/** The part of the surroundings that can matter to a cell with these words: its facts depend on nothing else of other cells. */
export function within(around: Surroundings, words: readonly string[]): Surroundings {
  const { imports, fresh, figures, paths } = around;
  return {
    imports: new Map(
      words.flatMap(word => {
        const module = imports.get(word);
        return module === undefined ? [] : [[word, module]];
      })
    ),
    fresh: new Set(words.filter(word => fresh.has(word))),
    figures: new Set(words.filter(word => figures.has(word))),
    paths: new Set(words.filter(word => paths.has(word)))
  };
}

/** The words of a source that can be names, each once, sorted, in the form that CPython compares (NFKC). */
export function wordsOf(source: string): readonly string[] {
  const words = source.normalize('NFKC').match(/[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{M}\p{N}\p{Pc}]*/gu);
  return [...new Set(words ?? [])].sort();
}

/** Equal for surroundings that say the same, if their words come in the same order. */
export function signature({ imports, fresh, figures, paths }: Surroundings): string {
  return [[...imports].flat(), [...fresh], [...figures], [...paths]]
    .map(each => each.join(' '))
    .join('|');
}
