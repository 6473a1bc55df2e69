import { compareOutputs, type NotebookOutput } from '../compare';

const printed = (text: string): NotebookOutput[] => [
  { output_type: 'stream', name: 'stdout', text }
];
const shown = (data: Record<string, unknown>): NotebookOutput[] => [
  { output_type: 'execute_result', data }
];

interface Row {
  readonly what: string;
  readonly reference: NotebookOutput[];
  readonly steps: NotebookOutput[];
  readonly repeats?: NotebookOutput[][];
  readonly verdict: 'same' | 'different' | 'varies';
}

const ROWS: readonly Row[] = [
  { what: 'equal text', reference: printed('1\n'), steps: printed('1\n'), verdict: 'same' },
  { what: 'another text', reference: printed('1\n'), steps: printed('2\n'), verdict: 'different' },
  {
    what: 'text in pieces',
    reference: [...printed('a'), ...printed('b')],
    steps: printed('ab'),
    verdict: 'same'
  },
  {
    what: 'standard error',
    reference: [{ output_type: 'stream', name: 'stderr', text: 'warning' }],
    steps: [],
    verdict: 'same'
  },
  {
    what: 'addresses',
    reference: printed('<C at 0x7f0000000001>'),
    steps: printed('<C at 0x7f0000000002>'),
    verdict: 'same'
  },
  {
    what: 'times of a magic',
    reference: printed('CPU times: user 1 s, sys: 0 s, total: 1 s\nWall time: 1 s\n'),
    steps: printed('CPU times: user 2 s, sys: 0 s, total: 2 s\nWall time: 3 s\n'),
    verdict: 'same'
  },
  {
    what: 'a result in a line that speaks of CPU time',
    reference: printed('CPU time saved: 5\n'),
    steps: printed('CPU time saved: 6\n'),
    verdict: 'different'
  },
  {
    what: 'the word that varies, and only it',
    reference: printed('took 1.1 s, sum 5\n'),
    steps: printed('took 1.3 s, sum 5\n'),
    repeats: [printed('took 1.2 s, sum 5\n')],
    verdict: 'varies'
  },
  {
    what: 'a wrong word beside one that varies',
    reference: printed('took 1.1 s, sum 5\n'),
    steps: printed('took 1.3 s, sum 6\n'),
    repeats: [printed('took 1.2 s, sum 5\n')],
    verdict: 'different'
  },
  {
    what: 'a wrong line beside one that varies',
    reference: printed('1.1\n5\n'),
    steps: printed('1.3\n6\n'),
    repeats: [printed('1.2\n5\n')],
    verdict: 'different'
  },
  {
    what: 'a number of lines that varies',
    reference: printed('a\n'),
    steps: printed('a\nb\nc\n'),
    repeats: [printed('a\nb\n')],
    verdict: 'varies'
  },
  {
    what: 'what another Run All gave',
    reference: printed('{a, b}\n'),
    steps: printed('{b, a}\n'),
    repeats: [printed('{b, a}\n')],
    verdict: 'same'
  },
  {
    what: 'repeats that agree',
    reference: printed('1\n'),
    steps: printed('2\n'),
    repeats: [printed('1\n'), printed('1\n')],
    verdict: 'different'
  },
  {
    what: 'another picture',
    reference: shown({ 'image/png': 'AAAA', 'text/plain': '<Figure>' }),
    steps: shown({ 'image/png': 'AAAB', 'text/plain': '<Figure>' }),
    verdict: 'different'
  },
  {
    what: 'a picture that varies',
    reference: shown({ 'image/png': 'AAAA', 'text/plain': '<Figure>' }),
    steps: shown({ 'image/png': 'AAAB', 'text/plain': '<Figure>' }),
    repeats: [shown({ 'image/png': 'AAAC', 'text/plain': '<Figure>' })],
    verdict: 'varies'
  },
  {
    what: 'a value that is not shown',
    reference: shown({ 'text/plain': '1' }),
    steps: [],
    verdict: 'different'
  },
  {
    what: 'a type that is not shown',
    reference: shown({ 'text/plain': '1', 'text/html': '<b>1</b>' }),
    steps: shown({ 'text/plain': '1' }),
    verdict: 'different'
  },
  {
    what: 'an exception in one of them',
    reference: [{ output_type: 'error', ename: 'ValueError', evalue: 'x', traceback: [] }],
    steps: [],
    verdict: 'different'
  }
];

test.each(ROWS)('$what: $verdict', ({ reference, steps, repeats, verdict }) => {
  const compared = compareOutputs(reference, steps, repeats);
  expect(compared.verdict).toBe(verdict);
  expect(compared.difference === '').toBe(verdict !== 'different');
});
