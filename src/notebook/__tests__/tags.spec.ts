import { compareQuantities, parseDuration, parseQuantity } from '../quantity';
import { readTag } from '../tags';

const DISK = 'disk';

test.each([
  ['step:load', { type: 'step', name: 'load' }],
  ['block:load', { type: 'step', name: 'load' }],
  ['step:', { type: 'step', name: '' }],
  ['prev:load', { type: 'prev', name: 'load' }],
  ['imports', { type: 'special', kind: 'imports' }],
  ['pipeline-parameters', { type: 'special', kind: 'parameters' }],
  ['parameters', { type: 'special', kind: 'parameters' }],
  ['request:memory:2Gi', { type: 'request', resource: 'memory', quantity: '2Gi' }],
  [
    'limit:nvidia.com/mig-1g.5gb:1',
    { type: 'limit', resource: 'nvidia.com/mig-1g.5gb', quantity: '1' }
  ],
  ['location:edge-a', { type: 'location', place: 'edge-a' }],
  ['location:edge-a:12.5', { type: 'location', place: 'edge-a', maxMs: 12.5 }],
  ['node:disk=ssd', { type: 'node', label: DISK, value: 'ssd' }],
  [
    'toleration:gpu=yes:NoSchedule',
    { type: 'toleration', key: 'gpu', value: 'yes', effect: 'NoSchedule' }
  ],
  ['image:registry/a:1', { type: 'image', image: 'registry/a:1' }],
  ['env:A=b=c', { type: 'env', name: 'A', value: 'b=c' }],
  ['secret:db:password:PG', { type: 'secret', secret: 'db', key: 'password', env: 'PG' }],
  ['volume:data:/data:ro', { type: 'volume', claim: 'data', path: '/data', readOnly: true }],
  ['annotation:a/b:x:y', { type: 'annotation', key: 'a/b', value: 'x:y' }],
  ['retry:2', { type: 'retry', count: 2 }],
  ['timeout:1h30m', { type: 'timeout', seconds: 5400 }],
  ['cache:disabled', { type: 'cache', enabled: false }]
])('%s', (text, expected) => {
  const { tag, problems } = readTag(text, 3);
  expect(problems).toEqual([]);
  expect(tag).toEqual({ text, at: 3, ...expected });
});

test.each([['hide-input'], ['solution'], ['a:b'], ['slideshow:skip']])('%s is left alone', text => {
  expect(readTag(text, 0)).toEqual({ problems: [] });
});

test.each([
  ['pre:load', 'NP102'],
  ['setp:load', 'NP102'],
  ['import', 'NP101'],
  ['step:Load', 'NP103'],
  ['request:memory:4GBs', 'NP104'],
  ['request:memry:4Gi', 'NP104'],
  ['timeout:soon', 'NP105'],
  ['env:1A=b', 'NP105'],
  ['volume:data', 'NP105'],
  ['notebook:other', 'NP109']
])('%s: %s', (text, code) => {
  const { tag, problems } = readTag(text, 0);
  expect(tag).toBeUndefined();
  expect(problems.map(each => each.code)).toEqual([code]);
});

test.each([
  ['1', '1000m', 0],
  ['1Gi', '1G', 1],
  ['500m', '0.5', 0],
  ['2e3', '2k', 0],
  ['1.5Gi', '1536Mi', 0],
  ['999n', '1u', -1]
])('%s against %s: %d', (a, b, sign) => {
  const [x, y] = [parseQuantity(a), parseQuantity(b)];
  expect(x && y && Math.sign(compareQuantities(x, y))).toBe(sign);
});

test.each([['4GB'], ['-1'], [''], ['1 Gi'], ['Gi'], ['.']])('%s is no quantity', text => {
  expect(parseQuantity(text)).toBeUndefined();
});

test.each([
  ['90', 90],
  ['90s', 90],
  ['5m', 300],
  ['2d', 172800],
  ['0s', undefined],
  ['', undefined],
  ['1x', undefined]
])('%s is %s seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});
