import { prepareRun } from '../../service/run';
import { verify, type Verification } from '../../service/verify';
import { EXIT } from '../exit';
import { cellLabel } from '../problems';
import { paint, printable, type Terminal } from '../terminal';
import { defaultJobs, localEngine, onInterrupt } from './engine';
import { checked, type RunningOptions } from './run';

/** `notepod verify`: Run All against steps, cell by cell. */
export async function verifyCommand(
  path: string,
  options: RunningOptions,
  terminal: Terminal
): Promise<number> {
  const ready = await checked(path, options, terminal);
  if (ready === undefined) {
    terminal.out(
      options.json === true ? JSON.stringify({ notebook: path, verdict: 'REFUSED' }) : 'REFUSED'
    );
    return EXIT.refused;
  }
  const { project, prepared, python } = ready;
  const interrupted = new AbortController();
  const stopWaiting = onInterrupt(() => {
    terminal.err('cancelling');
    interrupted.abort();
  });
  let result: Verification;
  try {
    result = await verify(project, prepared, {
      engine: localEngine(),
      python,
      jobs: options.jobs ?? defaultJobs(),
      prepare: each => prepareRun(each, options.parameter, python),
      onEvent: (which, event) => {
        if (event.type === 'run-submitted') {
          terminal.err(`${which}: run ${event.run}`);
        }
      },
      signal: interrupted.signal
    });
  } catch (error) {
    if (interrupted.signal.aborted) {
      return EXIT.cancelled;
    }
    throw error;
  } finally {
    stopWaiting();
  }
  if (options.json === true) {
    terminal.out(JSON.stringify({ notebook: path, ...result }));
  } else {
    for (const { cell, verdict, difference } of result.cells) {
      const word = verdict.toUpperCase().padEnd(9);
      const color = verdict === 'different' ? 'red' : verdict === 'same' ? 'green' : 'yellow';
      const note =
        verdict === 'varies'
          ? 'Run All itself differs from run to run here; what does not vary is the same'
          : difference;
      terminal.out(
        `${paint(terminal, color, word)} ${cellLabel(project.notebook, cell)}${note === '' ? '' : `: ${note}`}`
      );
    }
    terminal.out(`${result.verdict}${result.message === '' ? '' : `: ${result.message}`}`);
    if (result.verdict === 'REFUSED' || result.steps.outcome !== result.reference.outcome) {
      for (const { step, code, message, cell, logs } of result.stops) {
        const place = cell === undefined ? `step ${step}` : cellLabel(project.notebook, cell);
        terminal.out(`  ${code} in ${place}: ${printable(message)}`);
        terminal.out(`  what step ${step} printed: ${logs}`);
      }
    }
  }
  switch (result.verdict) {
    case 'SAME':
      return EXIT.done;
    case 'DIFFERENT':
      return EXIT.failed;
    case 'REFUSED':
      return EXIT.guard;
  }
}
