import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inParallel, Sandbox } from '../law/command';
import type { ConformanceCase } from '../law/verdict';
import { image, stepAccount } from './cluster';
import { ranHere, type Ran } from './runs';

/** Some of the kinds of things that steps can hand on or leave behind; all with NOTEPOD_TEST_CASES=all, for a quarter of an hour. */
const SOME = [
  '01-in-place-mutation-linear-a-b-c-b-only-mutates',
  '07-function-closure-over-step-var',
  '25-global-in-function',
  '45-pipeline-param-reassigned-in-step',
  '58-class-inheritance-across-steps',
  '79-dict-of-lambdas-w-global',
  '80-sys-path-os-environ-side-effects',
  '81-random-seed-side-effect',
  '82-files-written-to-cwd',
  '84-nonlocal-counter-closure'
];

const isAll = process.env.NOTEPOD_TEST_CASES === 'all';
const cases = ['tagged.json', 'untagged-edges.json']
  .flatMap(
    name =>
      JSON.parse(
        readFileSync(join(__dirname, '../conformance', name), 'utf-8')
      ) as readonly ConformanceCase[]
  )
  .filter(each => (isAll ? runsInBareImage(each) : SOME.includes(each.id)));

/** The image of the tests has Python alone; and one case would install something. */
function runsInBareImage({ cells, expect }: ConformanceCase): boolean {
  const code = cells.map(each => each.source).join('\n');
  return (
    expect.ipython !== true && !/numpy|pandas|^\s*[%!]|= *[%!]|\bawait\b|display\(/m.test(code)
  );
}

let ran: ReadonlyMap<string, { readonly here: Ran; readonly there: Ran }>;

beforeAll(
  async () => {
    const all = await inParallel(cases, 5, async each => {
      const here = await ranHere(each.cells);
      return [each.id, { here, there: await ranOnArgo(each) }] as const;
    });
    ran = new Map(all);
  },
  isAll ? 3_600_000 : 900_000
);

async function ranOnArgo({ cells }: ConformanceCase): Promise<Ran> {
  const sandbox = new Sandbox();
  try {
    const path = sandbox.notebook(cells);
    const { code, stderr } = await sandbox.notepod(
      [
        ...['run', path, '--target', 'argo', '--image', image, '--service-account', stepAccount],
        ...['-o', 'out.ipynb']
      ],
      {},
      600_000
    );
    const outputs = sandbox.outputs('out.ipynb');
    await sandbox.notepod(['delete', 'last']);
    if (outputs === undefined && code !== 3) {
      throw new Error(`no outputs: ${stderr}`);
    }
    return { code, outputs };
  } finally {
    sandbox.dispose();
  }
}

test.each(cases.map(each => each.id))('%s', id => {
  const both = ran.get(id);
  expect(both?.there).toEqual(both?.here);
  if (both?.here.code !== 3) {
    expect(both?.there.outputs?.flat()).not.toEqual([]);
  }
});
