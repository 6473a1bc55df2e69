import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BothWays, type Outcome } from './both-ways';
import { inParallel, PYTHON } from './command';
import { cellsOf } from './notebook-text';

/**
 * Notebooks written against the rules of the law, and the smallest ones of those that were once wrong: `notebooks/*.txt`. A line
 * `#### VERDICT: name` begins one, with the code of a refusal; its cells follow as {@link cellsOf} reads them. What it prints is
 * held against what Python alone prints.
 */
const FOLDER = join(__dirname, 'notebooks');
const files = readdirSync(FOLDER).map(name => ({
  name,
  rows: readFileSync(join(FOLDER, name), 'utf-8')
    .split(/^#### /m)
    .slice(1)
    .map(part => {
      const [head, ...lines] = part.split('\n');
      const at = head.indexOf(': ');
      return { verdict: head.slice(0, at), title: head.slice(at + 2), text: lines.join('\n') };
    })
}));

describe.each(files)('$name', ({ rows }) => {
  let outcomes: ReadonlyMap<string, Outcome>;

  beforeAll(async () => {
    const bothWays = new BothWays(PYTHON);
    try {
      const all = await inParallel(rows, 2, async ({ title, text }) => {
        return [title, await bothWays.run(cellsOf(text))] as const;
      });
      outcomes = new Map(all);
    } finally {
      bothWays.dispose();
    }
  }, 600_000);

  test.each(rows)('$title: $verdict', ({ title, verdict }) => {
    const outcome = outcomes.get(title);
    expect({
      is: [outcome?.verdict, ...(outcome?.codes ?? [])].join(' '),
      wrong: outcome?.verdict === 'WRONG' ? outcome.detail : ''
    }).toEqual({ is: verdict, wrong: '' });
  });
});
