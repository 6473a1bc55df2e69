import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { labelsOf, parseProbe, probesOf } from '../measure';

test.each([
  ['edge-a=10.0.0.7:443', ['edge-a', { host: '10.0.0.7', port: 443 }]],
  ['edge-a=gateway.example.com', ['edge-a', { host: 'gateway.example.com', port: 443 }]],
  ['edge-a=[fd00::7]:8443', ['edge-a', { host: 'fd00::7', port: 8443 }]],
  ['edge-a', undefined],
  ['edge-a=', undefined],
  ['=10.0.0.7', undefined],
  ['edge-a=10.0.0.7:0', undefined],
  ['edge-a=10.0.0.7:99999', undefined],
  ['edge-a=10.0.0.7:ssh', undefined]
])('%s', (text, expected) => {
  expect(parseProbe(text)).toEqual(expected);
});

test('probe addresses of annotations; an empty one is the node itself', () => {
  const node = (annotations: Record<string, string>) => ({
    metadata: { annotations },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] }
  });
  const probes = probesOf([
    node({ 'probe.notepod.dev/edge-a': '10.0.0.7:443', other: 'x' }),
    node({ 'probe.notepod.dev/cloud': '', 'probe.notepod.dev/bad': 'a b' })
  ]);
  expect([...probes]).toEqual([
    ['edge-a', { host: '10.0.0.7', port: 443 }],
    ['cloud', { host: '10.0.0.1', port: 10250 }]
  ]);
});

test('labels are the least times; what was not measured gets none', () => {
  const places = {
    a: { method: 'icmp' as const, min: 289, median: 310, lost: 0 },
    b: { error: 'no answer' }
  };
  expect(labelsOf({ node: 'n', places })).toEqual({ 'latency.notepod.dev/a': '289' });
  expect(labelsOf({ node: 'n', error: 'not ready' })).toEqual({});
});

test('the program in the pod measures by what there is, and says what does not answer', async () => {
  const python = process.env.NOTEPOD_TEST_PYTHON ?? join(__dirname, '../../../.venv/bin/python');
  const server = createServer(socket => socket.destroy());
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  try {
    const places = { here: ['127.0.0.1', port], nowhere: ['no.such.host.invalid', 1] };
    const { stdout } = await promisify(execFile)(python, [
      join(__dirname, '../latency_probe.py'),
      JSON.stringify({ places, count: 3, timeout: 1 })
    ]);
    const { here, nowhere } = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
    expect(here.lost).toBe(0);
    expect(here.min).toBeLessThanOrEqual(here.median as number);
    expect(['icmp', 'tcp']).toContain(here.method);
    expect(nowhere.error).toMatch(/no.such.host.invalid does not resolve/);
  } finally {
    server.close();
  }
});
