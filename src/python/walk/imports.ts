import { child, named, type Node } from '../tree';
import { bind, bindName, resolvesGlobal } from './names';
import type { Walk } from './walk';

/** `import a.b as c`, `from a import b`, `from a import *`. */
export function importStatement(walk: Walk, node: Node): void {
  const isFuture = node.type === 'future_import_statement';
  const from = child(node, 'module_name');
  const module = isFuture ? '__future__' : from && walk.text(from);
  const note = (name: string) =>
    walk.imports.push({
      module: name,
      at: walk.at(node),
      conditional: walk.flow.depth > 0,
      optional: walk.flow.guards > 0 || !walk.isAtTop
    });
  if (module !== undefined && !isFuture) {
    note(module);
  }
  for (const each of named(node)) {
    if (each === from) {
      continue;
    }
    if (each.type === 'wildcard_import') {
      starImport(walk, node, each, module ?? '');
      continue;
    }
    const alias = child(each, 'alias');
    const path = each.type === 'aliased_import' ? child(each, 'name') : each;
    const target = alias ?? (path && named(path)[0]);
    if (!path || !target) {
      // What the parser could not read in a broken line.
      continue;
    }
    const dotted = walk.text(path);
    if (module === undefined) {
      note(dotted);
    }
    const name = walk.text(target);
    if (resolvesGlobal(walk, name)) {
      walk.known.set(name, module !== undefined ? `${module}.${dotted}` : alias ? dotted : name);
    }
    bind(walk, target, module === undefined ? 'import' : 'from-import', {
      module: module ?? dotted,
      attribute: module === undefined ? undefined : dotted
    });
  }
}

function starImport(walk: Walk, node: Node, star: Node, from: string): void {
  const names = walk.stars.get(from);
  walk.starImports.push({ module: from, at: walk.at(node), isResolved: names !== undefined });
  for (const { name, module, attribute } of names ?? []) {
    if (resolvesGlobal(walk, name)) {
      walk.known.set(name, attribute === undefined ? module : `${module}.${attribute}`);
      bindName(walk, name, star, attribute === undefined ? 'import' : 'from-import', {
        module,
        attribute
      });
    }
  }
}
