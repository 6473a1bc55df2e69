import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inParallel } from './command';
import { judge, type ConformanceCase, type Verdict } from './verdict';

const FOLDER = join(__dirname, '../conformance');
const read = (name: string) =>
  JSON.parse(readFileSync(join(FOLDER, name), 'utf-8')) as ConformanceCase[];

/** Installs a package when executed: only analysed. */
const NEVER_RUN = '31-shell-bang-in-step';

/** What is refused, by its code: a refusal neither appears nor vanishes unseen. */
const REFUSALS: Readonly<Record<string, string>> = {
  '40-generator-not-picklable': 'NP321',
  '51-missing-name-entirely-typo': 'NP301',
  '57-syntax-error-in-skip-less-cell': 'NP201',
  '69-open-file': 'NP321',
  sqlite: 'NP321'
};

describe.each(['tagged.json', 'untagged-edges.json'])('%s', name => {
  const cases = read(name).filter(each => each.id !== NEVER_RUN);
  let verdicts: ReadonlyMap<string, Verdict>;

  beforeAll(async () => {
    const all = await inParallel(cases, 2, judge);
    verdicts = new Map(all.map(each => [each.id, each]));
  }, 900_000);

  test.each(cases.map(each => each.id))('%s', id => {
    const code = REFUSALS[id];
    expect(verdicts.get(id)).toEqual({
      id,
      verdict: code === undefined ? 'SAME' : 'REFUSED',
      detail: code ?? ''
    });
  });
});
