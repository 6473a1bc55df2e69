import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CellAnalyser } from '../python/analyser';
import { KNOWN_STAR_NAMES, type StarName, type StarNames } from '../python/star-names';
import type { loadParser } from '../python/parser';

/** How long importing the modules may take, ms. */
const PATIENCE = 120_000;

/**
 * Imports modules and says what a star import of each binds. A name is given the module that it comes from, so that what is
 * known of `numpy.random.seed` holds for `seed` of `from pylab import *`: the first module of the list that has the same
 * function or class.
 */
const PROBE = `
import contextlib, importlib, io, json, sys
sys.path[0:0] = ['']
KNOWN = ['numpy.random', 'random', 'numpy', 'matplotlib.pyplot', 'pandas', 'math', 'os', 'os.path', 'warnings', 'torch', 'decimal']
answer = {}
for module in json.loads(sys.argv[1]):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            found = importlib.import_module(module)
    except BaseException:
        continue
    names = getattr(found, '__all__', None)
    if names is None:
        names = [name for name in vars(found) if not name.startswith('_')]
    homes = {}
    for home in KNOWN:
        for name, value in vars(sys.modules.get(home, object)).items():
            if callable(value):
                homes.setdefault(id(value), (home, name))
    answer[module] = []
    for name in names:
        value = getattr(found, name, None)
        if type(value) is type(sys):
            answer[module].append([name, value.__name__, None])
        else:
            answer[module].append([name, *homes.get(id(value), (module, name))])
print(json.dumps(answer))
`;

/** Modules that cells import with a star, each once. */
export function starModules(sources: readonly string[]): readonly string[] {
  const found = sources.flatMap(source =>
    [...source.matchAll(/^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]*\(?[ \t]*\*/gm)].map(
      match => match[1]
    )
  );
  return [...new Set(found)];
}

/**
 * What star imports of these modules bind. Modules beside the notebook are read, not run; a Python is asked for the others,
 * in one process.
 * @param python undefined if there is none; then only what is known without one is found
 * @param folder of the notebook
 */
export async function findStarNames(
  modules: readonly string[],
  python: string | undefined,
  folder: string,
  parser: Awaited<ReturnType<typeof loadParser>>
): Promise<StarNames> {
  const found = new Map(KNOWN_STAR_NAMES);
  const others: string[] = [];
  for (const module of modules.filter(each => !found.has(each))) {
    const local = namesBeside(module, folder, parser);
    if (local) {
      found.set(module, local);
    } else {
      others.push(module);
    }
  }
  if (python !== undefined && others.length > 0) {
    const answer = await ask(python, others, folder);
    for (const [module, names] of Object.entries(answer)) {
      found.set(
        module,
        names.map(([name, home, attribute]) => ({
          name,
          module: home,
          ...(attribute === null ? {} : { attribute })
        }))
      );
    }
  }
  return found;
}

/** What a module beside the notebook gives to a star import; undefined if there is none, or if it has star imports itself. */
function namesBeside(
  module: string,
  folder: string,
  parser: Awaited<ReturnType<typeof loadParser>>
): readonly StarName[] | undefined {
  const path = [`${module.replaceAll('.', '/')}.py`, `${module.replaceAll('.', '/')}/__init__.py`]
    .map(each => join(folder, each))
    .find(existsSync);
  if (path === undefined) {
    return undefined;
  }
  const facts = new CellAnalyser(parser).analyse(readFileSync(path, 'utf-8'));
  if (facts.starImports.some(each => !each.isResolved)) {
    return undefined;
  }
  const all = facts.constants.find(each => each.name === '__all__')?.value;
  const bound = [...new Set(facts.binds.map(each => each.name))];
  const names = Array.isArray(all) ? all.map(String) : bound.filter(each => !each.startsWith('_'));
  return names.map(name => ({ name, module, attribute: name }));
}

type Answer = Readonly<Record<string, readonly (readonly [string, string, string | null])[]>>;

/** An empty answer if the Python does not run: whoever runs the notebook with it is told then. */
function ask(python: string, modules: readonly string[], folder: string): Promise<Answer> {
  return new Promise(done => {
    const child = execFile(
      python,
      ['-c', PROBE, JSON.stringify(modules)],
      {
        cwd: folder,
        timeout: PATIENCE,
        maxBuffer: 1 << 26,
        env: { ...process.env, MPLBACKEND: 'agg' }
      },
      (error, stdout) => {
        try {
          // What a library writes past Python's own streams comes before the answer.
          const line = stdout.trimEnd().split('\n').pop() ?? '';
          done(error ? {} : (JSON.parse(line) as Answer));
        } catch {
          done({});
        }
      }
    );
    child.stdin?.end();
  });
}
