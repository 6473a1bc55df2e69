#!/usr/bin/env node
/**
 * Tries the law on real notebooks: cuts each into steps in three ways, runs `notepod verify` on every cut, writes a table.
 *
 *   node bench/real-notebooks.mjs FOLDER --python PATH [--list FILE] [--out FILE.jsonl] [--cuts cells,headings,random]
 *                                 [--seed N] [--timeout SECONDS] [--jobs N] [--only TEXT] [--table FILE.md]
 *
 * FOLDER holds checkouts or plain folders of notebooks; nothing in it is changed: each notebook is copied, with the files of
 * its folder, to a scratch folder where the folders around it are links to the originals. `--list` names the notebooks,
 * one path relative to FOLDER a line (`#` starts a comment); without it all notebooks below FOLDER are tried.
 *
 * Cuts: `cells`: every code cell is a step; `headings`: a step begins at every Markdown heading; `random`: a step begins
 * at a code cell with a chance of 0.35, from a generator that starts from the seed and the path. Only tags are changed.
 *
 * `--from FILE.jsonl` writes the table from results of before (of several runs: the last of a notebook and cut counts), and
 * runs nothing.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '../notepod/service/main.mjs');
/** Files larger than this are linked, not copied, bytes. */
const LARGEST_COPY = 20_000_000;
const CUTS = ['cells', 'headings', 'random'];

/** A generator of numbers in [0, 1) that gives the same for the same text (mulberry32). */
function generator(text) {
  let state = [...text].reduce((hash, each) => (Math.imul(hash, 31) + each.codePointAt(0)) | 0, 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const textOf = cell => [cell.source].flat().join('');

/** The notebook with step tags for a cut; also the number of steps. */
function cut(notebook, how, random) {
  let step = 0;
  let heading = true;
  const cells = notebook.cells.map(cell => {
    if (cell.cell_type !== 'code') {
      heading ||= cell.cell_type === 'markdown' && /^#{1,6}\s/m.test(textOf(cell));
      return cell;
    }
    const begins =
      step === 0 ||
      how === 'cells' ||
      (how === 'headings' && heading) ||
      (how === 'random' && random() < 0.35);
    heading = false;
    step += begins ? 1 : 0;
    const tags = (cell.metadata?.tags ?? []).filter(tag => !/^(step|prev|block):/.test(tag));
    return { ...cell, metadata: { ...cell.metadata, tags: [...tags, `step:s${step}`] } };
  });
  return { notebook: { ...notebook, cells }, steps: step };
}

/** Copies a notebook's folder below `scratch`; the folders around it, up to `root`, become links. Returns the copy. */
function layOut(root, folder, scratch) {
  let [from, to] = [root, scratch];
  for (const part of relative(root, folder).split(sep).filter(Boolean)) {
    for (const entry of readdirSync(from)) {
      if (entry !== part && entry !== '.git') {
        symlinkSync(join(from, entry), join(to, entry));
      }
    }
    [from, to] = [join(from, part), join(to, part)];
    mkdirSync(to);
  }
  for (const entry of readdirSync(from)) {
    if (entry === '.git' || entry.endsWith('.ipynb') || entry === '.ipynb_checkpoints') {
      continue;
    }
    if (statSync(join(from, entry), { throwIfNoEntry: false })?.size > LARGEST_COPY) {
      symlinkSync(join(from, entry), join(to, entry));
    } else {
      cpSync(join(from, entry), join(to, entry), {
        recursive: true,
        filter: path => !path.endsWith('.ipynb') && basename(path) !== '.git'
      });
    }
  }
  return to;
}

/** Runs `notepod verify --json`; ends it with all its processes after `seconds`. */
function verify(path, python, seconds, store) {
  return new Promise(done => {
    const began = Date.now();
    const child = spawn(
      process.execPath,
      [MAIN, 'verify', path, '--python', python, '--jobs', '1', '--json'],
      {
        cwd: dirname(path),
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NOTEPOD_DATA: store, NO_COLOR: '1' }
      }
    );
    let [out, err, late] = ['', '', false];
    child.stdout.on('data', data => (out += data));
    child.stderr.on('data', data => (err += data));
    const timer = setTimeout(() => {
      late = true;
      process.kill(-child.pid, 'SIGTERM');
    }, seconds * 1000);
    child.on('close', code => {
      clearTimeout(timer);
      done({ code, out, err, late, seconds: (Date.now() - began) / 1000 });
    });
  });
}

/** What came of one cut, as a line of the report. */
function judged(ended) {
  if (ended.late) {
    return { verdict: 'TIMEOUT', codes: [], why: [] };
  }
  let answer;
  try {
    answer = JSON.parse(ended.out);
  } catch {
    return { verdict: 'BROKEN', codes: [], why: [ended.err.slice(-2000), ended.out.slice(0, 500)] };
  }
  const codes =
    answer.verdict === 'SAME'
      ? []
      : [
          ...new Set(
            `${ended.err}\n${answer.message ?? ''}`.match(
              /(?<=^(?:error|notepod:|NP\d{3}:)? ?)\bNP\d{3}\b/gm
            ) ?? []
          )
        ];
  const cells = answer.cells ?? [];
  const why = cells
    .filter(each => each.verdict === 'different')
    .map(each => `cell ${each.cell + 1}: ${each.difference}`);
  if (answer.verdict === 'REFUSED') {
    why.push(answer.message || ended.err.trim());
  } else if (answer.message) {
    why.push(answer.message);
  }
  return {
    verdict: answer.verdict,
    codes,
    why,
    cells: cells.length,
    varies: cells.filter(each => each.verdict === 'varies').length,
    runAll: answer.reference?.outcome,
    runs: answer.reference && [answer.reference.run, answer.steps.run]
  };
}

function notebooksBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .filter(path => path.endsWith('.ipynb') && !path.includes('.ipynb_checkpoints'))
    .sort();
}

/** The folder of the checkout that a notebook is in: the first part of its path, if that is not the notebook. */
function rootOf(folder, path) {
  const [first, ...rest] = path.split('/');
  return rest.length > 0 ? join(folder, first) : folder;
}

function commitOf(folder) {
  if (!existsSync(join(folder, '.git'))) {
    return undefined;
  }
  return String(execFileSync('git', ['-C', folder, 'rev-parse', 'HEAD'])).trim();
}

async function tryNotebook(folder, path, options) {
  const root = rootOf(folder, path);
  const text = readFileSync(join(folder, path), 'utf-8');
  const original = JSON.parse(text);
  const code = (original.cells ?? []).filter(
    each => each.cell_type === 'code' && textOf(each).trim() !== ''
  ).length;
  const results = [];
  for (const how of options.cuts) {
    const scratch = mkdtempSync(join(tmpdir(), 'notepod-real-'));
    const store = mkdtempSync(join(tmpdir(), 'notepod-real-store-'));
    try {
      const at = layOut(root, dirname(join(folder, path)), scratch);
      const { notebook, steps } = cut(original, how, generator(`${options.seed} ${path}`));
      const copy = join(at, basename(path));
      writeFileSync(copy, `${JSON.stringify(notebook, null, 1)}\n`);
      const ended = await verify(copy, options.python, options.timeout, store);
      const one = {
        notebook: path,
        commit: commitOf(root),
        code,
        cut: how,
        steps,
        seconds: Math.round(ended.seconds * 10) / 10,
        ...judged(ended)
      };
      results.push(one);
      process.stdout.write(
        `${one.verdict.padEnd(9)} ${how.padEnd(8)} ${String(steps).padStart(3)} steps ${String(one.seconds).padStart(6)} s  ${path}${one.codes.length ? `  ${one.codes.join(' ')}` : ''}${one.verdict === 'SAME' ? '' : `  ${one.why.join('; ').slice(0, 300).replace(/\n/g, ' ')}`}\n`
      );
      if (options.out) {
        appendFileSync(options.out, `${JSON.stringify(one)}\n`);
      }
    } finally {
      rmSync(scratch, { recursive: true, force: true });
      rmSync(store, { recursive: true, force: true });
    }
  }
  return results;
}

/** Repository (the first folder; `owner+name` stands for `owner/name`) and path in it, as two cells. */
function placeOf(path) {
  const [first, ...rest] = path.split('/');
  return rest.length > 0 ? `${first.replace('+', '/')} | ${rest.join('/')}` : ` | ${path}`;
}

/** The table of the report: one row a notebook, a column a cut. */
function table(results, cuts) {
  const rows = new Map();
  for (const each of results) {
    rows.set(each.notebook, [...(rows.get(each.notebook) ?? []), each]);
  }
  const cell = each => {
    if (!each) {
      return '';
    }
    const ended = each.runAll === 'failed' ? `up to its exception in code cell ${each.cells}` : '';
    const notes = [ended, ...each.codes, each.varies ? `${each.varies} vary` : ''].filter(Boolean);
    return `${each.verdict} (${each.steps}${notes.length ? `; ${notes.join(', ')}` : ''})`;
  };
  const lines = [...rows].map(
    ([path, own]) =>
      `| ${placeOf(path)} | ${(own[0].commit ?? '').slice(0, 10)} | ${own[0].code} | ${cuts.map(how => cell(own.find(each => each.cut === how))).join(' | ')} |`
  );
  return [
    `| repository | notebook | commit | code cells | ${cuts.join(' | ')} |`,
    `| --- | --- | --- | ---: | ${cuts.map(() => '---').join(' | ')} |`,
    ...lines,
    ''
  ].join('\n');
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      python: { type: 'string' },
      list: { type: 'string' },
      out: { type: 'string' },
      table: { type: 'string' },
      cuts: { type: 'string', default: CUTS.join(',') },
      seed: { type: 'string', default: '1' },
      timeout: { type: 'string', default: '300' },
      jobs: { type: 'string', default: '2' },
      only: { type: 'string' },
      from: { type: 'string', multiple: true }
    }
  });
  if (values.from && values.table) {
    const lines = values.from.flatMap(file =>
      readFileSync(file, 'utf-8').split('\n').filter(Boolean)
    );
    const last = new Map(
      lines.map(line => JSON.parse(line)).map(each => [`${each.notebook}\0${each.cut}`, each])
    );
    writeFileSync(values.table, table([...last.values()], values.cuts.split(',')));
    process.stdout.write(`${countsOf([...last.values()])}\n`);
    return;
  }
  if (positionals.length !== 1 || !values.python || !existsSync(MAIN)) {
    process.stderr.write(
      'node bench/real-notebooks.mjs FOLDER --python PATH   (after node scripts/build.mjs)\n'
    );
    process.exit(2);
  }
  const folder = resolve(positionals[0]);
  const listed = values.list
    ? readFileSync(values.list, 'utf-8')
        .split('\n')
        .map(line => line.replace(/#.*/, '').trim())
        .filter(Boolean)
    : notebooksBelow(folder);
  const notebooks = listed.filter(path => !values.only || path.includes(values.only));
  const options = {
    python: resolve(values.python),
    out: values.out,
    cuts: values.cuts.split(','),
    seed: values.seed,
    timeout: Number(values.timeout)
  };
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < notebooks.length) {
      results.push(...(await tryNotebook(folder, notebooks[next++], options)));
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, Number(values.jobs)) }, worker));
  const order = new Map(notebooks.map((path, index) => [path, index]));
  results.sort((a, b) => order.get(a.notebook) - order.get(b.notebook));
  if (values.table) {
    writeFileSync(values.table, table(results, options.cuts));
  }
  process.stdout.write(`${countsOf(results)}\n`);
}

function countsOf(results) {
  const counts = new Map();
  results.forEach(each => counts.set(each.verdict, (counts.get(each.verdict) ?? 0) + 1));
  const notebooks = new Set(results.map(each => each.notebook)).size;
  const failed = results.filter(each => each.runAll === 'failed').map(each => each.notebook);
  return `${notebooks} notebooks (Run All of ${new Set(failed).size} ends at an exception), ${results.length} cuts: ${[...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ')}`;
}

await main();
