/**
 * Names of the steps' templates, tasks and label values on a cluster, by step. Steps may have `_`, and may begin and end with it or
 * with `-`; there the names are DNS labels. Of steps that would get one name, the later ones get a number.
 * @param steps in reference order
 */
export function templateNames(steps: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>(['main']);
  // Names that need no change keep them.
  const ordered = [...steps].sort((a, b) => Number(plain(a) !== a) - Number(plain(b) !== b));
  for (const step of ordered) {
    const base = plain(step);
    let name = base;
    for (let number = 2; taken.has(name); number++) {
      name = `${base.slice(0, 63 - `-${number}`.length)}-${number}`;
    }
    taken.add(name);
    names.set(step, name);
  }
  return names;
}

function plain(step: string): string {
  const name = step
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .replace(/^-+|-+$/g, '');
  if (name === '') {
    return 'step';
  }
  // Argo takes no name of a task that begins with a digit where tasks depend on each other.
  return (/^[0-9]/.test(name) ? `step-${name}` : name).slice(0, 63).replace(/-+$/, '');
}

/** A text as a part of an object's name: lower case, digits and `-`. */
export function slug(text: string, longest: number): string {
  const name = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, longest)
    .replace(/-+$/, '');
  return name === '' ? 'notebook' : name;
}
