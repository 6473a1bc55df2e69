import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

test('commands that talk to no cluster do not load the Kubernetes client', () => {
  const root = join(__dirname, '../..');
  const folder = mkdtempSync(join(tmpdir(), 'notepod-bundle-'));
  try {
    // Alone, without the client beside it.
    const main = join(folder, 'main.mjs');
    cpSync(join(root, 'notepod/service/main.mjs'), main);
    const notebook = join(root, 'examples/intel-lab.ipynb');
    const { status, stderr } = spawnSync(process.execPath, [main, 'check', notebook], {
      encoding: 'utf-8'
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
