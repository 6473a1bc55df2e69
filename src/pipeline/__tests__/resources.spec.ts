import fc from 'fast-check';
import { amountOf, amountText } from '../amounts';
import { checkResources, containerResources, requestsOf, totalsOf } from '../resources';
import type { Pipeline } from '../types';
import { pipelineOf } from './pipeline-of';

test.each([
  ['cpu', '500m', 500, '0.5'],
  ['cpu', '2', 2000, '2'],
  ['cpu', '1.5', 1500, '1.5'],
  ['cpu', '0.1m', 1, '0'],
  ['memory', '1.5Gi', 1610612736, '1.5Gi'],
  ['memory', '4G', 4_000_000_000, '3.73Gi'],
  ['memory', '100m', 1, '1'],
  ['memory', '512Mi', 536870912, '512Mi'],
  ['nvidia.com/gpu', '2', 2, '2'],
  ['cpu', 'x', undefined, '']
])('%s of %s is %s', (resource, text, amount, shown) => {
  expect(amountOf(resource, text)).toBe(amount);
  if (amount !== undefined) {
    expect(amountText(resource, amount)).toBe(shown);
  }
});

test.each([
  // A limit alone is the request as well; a device asked for is one that it is limited to.
  [
    { requests: {}, limits: { cpu: '2' } },
    { requests: { cpu: '2' }, limits: { cpu: '2' } }
  ],
  [
    { requests: { cpu: '1' }, limits: { cpu: '2' } },
    { requests: { cpu: '1' }, limits: { cpu: '2' } }
  ],
  [
    { requests: { cpu: '1' }, limits: {} },
    { requests: { cpu: '1' }, limits: {} }
  ],
  [
    { requests: { 'nvidia.com/gpu': '1' }, limits: {} },
    { requests: { 'nvidia.com/gpu': '1' }, limits: { 'nvidia.com/gpu': '1' } }
  ],
  [
    { requests: {}, limits: { 'nvidia.com/gpu': '1' } },
    { requests: { 'nvidia.com/gpu': '1' }, limits: { 'nvidia.com/gpu': '1' } }
  ],
  [
    { requests: { 'hugepages-2Mi': '4Mi' }, limits: {} },
    { requests: { 'hugepages-2Mi': '4Mi' }, limits: { 'hugepages-2Mi': '4Mi' } }
  ]
])('%j becomes %j', (asked, expected) => {
  expect(containerResources(asked)).toEqual(expected);
});

test.each<[string, readonly string[], readonly string[]]>([
  ['amounts in order', ['request:cpu:500m', 'limit:memory:2Gi', 'limit:nvidia.com/gpu:1'], []],
  ['half a device', ['limit:nvidia.com/gpu:500m'], ['NP118 limit:nvidia.com/gpu:500m']],
  [
    'a device with another limit',
    ['request:nvidia.com/gpu:1', 'limit:nvidia.com/gpu:2'],
    ['NP118 request:nvidia.com/gpu:1']
  ],
  ['memory in thousandths of a byte', ['limit:memory:500m'], ['NP119 limit:memory:500m']],
  ['memory in bytes', ['request:memory:512'], ['NP119 request:memory:512']],
  ['no memory asked for', ['request:memory:0'], []]
])('%s', (_, tags, expected) => {
  const { notebook } = pipelineOf({ load: [], fit: tags });
  const found = checkResources(notebook);
  expect(found.map(each => `${each.code} ${each.span?.tag}`)).toEqual(expected);
  for (const { span, message } of found) {
    expect(span?.cell).toBe(1);
    expect(message).toContain('step fit');
  }
});

test('defaults of the notebook are checked as well, and have no cell', () => {
  const { notebook } = pipelineOf({ load: [] }, { stepDefaults: ['limit:memory:512'] });
  const [problem] = checkResources(notebook);
  expect(problem.code).toBe('NP119');
  expect(problem.span).toBeUndefined();
});

test('totals of a diamond: what can run at once is the two in the middle', () => {
  const { pipeline } = pipelineOf({
    load: ['request:cpu:3'],
    left: ['prev:load', 'request:cpu:2'],
    right: ['prev:load', 'request:cpu:2', 'request:memory:1Gi'],
    end: ['prev:left', 'prev:right', 'request:cpu:1']
  });
  expect(totalsOf(pipeline)).toEqual({
    sum: { cpu: 8000, memory: 2 ** 30 },
    largest: { cpu: 3000, memory: 2 ** 30 },
    atOnce: { cpu: 4000, memory: 2 ** 30 }
  });
  expect(totalsOf(pipeline, { cpu: 100 }).atOnce.cpu).toBe(4200);
});

test('what can run at once is the heaviest set of steps of which none needs another', () => {
  const graphs = fc.integer({ min: 1, max: 8 }).chain(count =>
    fc.record({
      weights: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: count, maxLength: count }),
      // For each step, which of those before it it needs.
      needs: fc.tuple(
        ...Array.from({ length: count }, (_, at) => fc.subarray([...Array(at).keys()]))
      )
    })
  );
  fc.assert(
    fc.property(graphs, ({ weights, needs }) => {
      const tags = Object.fromEntries(
        weights.map((weight, at) => [
          `s${at}`,
          [`request:cpu:${weight}`, ...needs[at].map(each => `prev:s${each}`)]
        ])
      );
      const { pipeline } = pipelineOf(tags);
      expect(totalsOf(pipeline).atOnce.cpu).toBe(heaviestByTrying(pipeline));
    }),
    { numRuns: 300 }
  );
});

/** Tries all sets of steps. */
function heaviestByTrying({ steps }: Pipeline): number {
  let heaviest = 0;
  for (let set = 0; set < 2 ** steps.length; set++) {
    const chosen = steps.filter((_, at) => (set >> at) & 1);
    const names = chosen.map(each => each.step.name);
    if (chosen.every(each => !each.ancestors.some(name => names.includes(name)))) {
      heaviest = Math.max(
        heaviest,
        chosen.reduce((sum, each) => sum + (requestsOf(each.options).cpu ?? 0), 0)
      );
    }
  }
  return heaviest;
}
