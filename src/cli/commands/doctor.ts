import { openCluster, type ClusterChoice } from '../../cluster/client';
import { ClusterError } from '../../cluster/errors';
import { usualServiceAccount } from '../../cluster/service-account';
import {
  checkCluster,
  isRefusedBy,
  type Check,
  type CheckState,
  type NotebookPreflight,
  type Preflight
} from '../../cluster/preflight';
import { checkProject } from '../../service/cluster-check';
import { hasErrors, openProject } from '../../service/project';
import { EXIT } from '../exit';
import { formatProblems } from '../problems';
import { paint, printable, type Terminal } from '../terminal';

export interface DoctorOptions extends ClusterChoice {
  readonly serviceAccount?: string;
  readonly image?: string;
  readonly format: 'text' | 'json';
}

/** `notepod doctor`: prints every check of a cluster, and of a notebook on it; 3 if one of them would stop a run. */
export async function doctorCommand(
  path: string | undefined,
  options: DoctorOptions,
  terminal: Terminal
): Promise<number> {
  const project = path === undefined ? undefined : await openProject(path);
  let found: Preflight & Partial<NotebookPreflight>;
  try {
    const cluster = await openCluster({
      context: options.context,
      namespace: options.namespace ?? project?.notebook.settings.namespace
    });
    const serviceAccount = options.serviceAccount ?? (await usualServiceAccount(cluster));
    found =
      project === undefined
        ? await checkCluster(cluster, { serviceAccount })
        : await checkProject(cluster, project, options.image, { serviceAccount });
    cluster.dispose();
  } catch (error) {
    if (!(error instanceof ClusterError)) {
      throw error;
    }
    // Without an answer there is one check, and it has failed.
    found = {
      checks: [{ name: 'cluster', state: 'error', found: error.message, fix: error.fix }]
    };
  }
  // What is wrong with the notebook itself stops a run as well, wherever it is to be.
  const own = project?.diagnostics.filter(each => each.severity === 'error') ?? [];
  const diagnostics = [...own, ...(found.diagnostics ?? [])];
  const isRefused = isRefusedBy({ ...found, diagnostics }) || hasErrors(own);
  if (options.format === 'json') {
    const { checks, volume } = found;
    terminal.out(JSON.stringify({ ok: !isRefused, checks, volume, diagnostics }, null, 2));
  } else {
    found.checks.forEach(each => terminal.out(checkText(each, terminal)));
    if (project !== undefined && path !== undefined) {
      for (const block of formatProblems(diagnostics, project.notebook, path, 'text', terminal)) {
        terminal.out(`\n${block}`);
      }
    }
    const problems = diagnostics.map((each): CheckState =>
      each.severity === 'error' ? 'error' : 'warning'
    );
    terminal.out(`\n${summary([...found.checks.map(each => each.state), ...problems], isRefused)}`);
  }
  return isRefused ? EXIT.refused : EXIT.done;
}

const SIGNS: Readonly<
  Record<
    CheckState,
    {
      readonly sign: string;
      readonly plain: string;
      readonly color: 'green' | 'yellow' | 'red' | 'dim';
    }
  >
> = {
  ok: { sign: '✓', plain: 'ok     ', color: 'green' },
  warning: { sign: '!', plain: 'warning', color: 'yellow' },
  error: { sign: '✗', plain: 'error  ', color: 'red' },
  unknown: { sign: '?', plain: 'unknown', color: 'dim' }
};

/** A check as a person reads it. */
export function checkText({ name, state, found, fix }: Check, terminal: Terminal): string {
  const { sign, plain, color } = SIGNS[state];
  const head = `${paint(terminal, color, terminal.unicode ? sign : plain)} ${name}: ${printable(found)}`;
  return fix === undefined ? head : `${head}\n    fix: ${printable(fix)}`;
}

function summary(states: readonly CheckState[], isRefused: boolean): string {
  const count = (state: CheckState, word: string) => {
    const number = states.filter(each => each === state).length;
    return number === 0
      ? []
      : [`${number} ${word}${number === 1 || state === 'unknown' ? '' : 's'}`];
  };
  const parts = [
    ...count('error', 'error'),
    ...count('warning', 'warning'),
    ...count('unknown', 'unknown')
  ];
  return `${isRefused ? 'not ready to run' : 'ready to run'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}
