import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { ClusterChoice } from '../cluster/client';
import { ClusterError } from '../cluster/errors';
import { BrokenRunError, EngineError } from '../engines/errors';
import { UserError } from '../service/errors';
import { addClusterCommands } from './cluster-commands';
import { checkCommand } from './commands/check';
import { compileCommand, compileOptions, type CompileOptions } from './commands/compile';
import { graphCommand } from './commands/graph';
import { runCommand, type RunOptions } from './commands/run';
import { runOnArgo, type ArgoRunOptions } from './commands/run-argo';
import {
  cancelCommand,
  deleteCommand,
  logsCommand,
  outputsCommand,
  resumeCommand,
  runsCommand,
  showCommand
} from './commands/runs';
import { verifyCommand } from './commands/verify';
import { EXIT } from './exit';
import { wholeNumber } from './whole-number';
import { paint, processTerminal, type Terminal } from './terminal';

/**
 * Runs one command line.
 * @param argv as `process.argv`
 * @returns the exit code; a user's mistake is printed as a sentence, never as a stack trace
 */
export async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal = processTerminal()
): Promise<number> {
  let code: number = EXIT.done;
  const program = describe(terminal, exit => {
    code = exit;
  });
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    }
    if (
      error instanceof UserError ||
      error instanceof EngineError ||
      error instanceof ClusterError
    ) {
      terminal.err(`${paint(terminal, 'red', 'error')}: ${error.message}`);
      if (error.fix !== undefined) {
        terminal.err(`  fix: ${error.fix}`);
      }
      return exitCodeOfError(error);
    }
    throw error;
  }
}

function exitCodeOfError(error: UserError | EngineError | ClusterError): number {
  if (error instanceof UserError) {
    return error.exitCode;
  }
  return error instanceof BrokenRunError ? EXIT.failed : EXIT.usage;
}

function describe(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('notepod');
  program
    .description(
      'Runs a notebook as a pipeline of steps, with the results of Run All, and shows where the time went.'
    )
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(add --help for what the command takes)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 a step failed or a cell differs, 2 wrong usage, 3 refused by the checks, 4 stopped by the guard, 130 cancelled.'
    );
  const add = (name: string, what: string, example: string): Command =>
    program
      .command(name)
      .description(what)
      .exitOverride()
      .addHelpText('after', `\nExample:\n  $ ${example}`);

  add(
    'check <notebook>',
    'Says what is wrong with a notebook: code, cell, line, why, and what to do. Runs nothing.',
    'notepod check train.ipynb'
  )
    .addOption(
      new Option('--format <format>', 'how to print; github: annotations of GitHub Actions')
        .choices(['text', 'json', 'github'])
        .default('text')
    )
    .action(async (path: string, options: Parameters<typeof checkCommand>[1]) =>
      exit(await checkCommand(path, options, terminal))
    );
  add(
    'graph <notebook>',
    'Shows the steps and why each comes after others. Runs nothing.',
    'notepod graph train.ipynb --format mermaid'
  )
    .addOption(
      new Option('--format <format>', 'how to print; dot: for Graphviz')
        .choices(['text', 'json', 'dot', 'mermaid'])
        .default('text')
    )
    .action(async (path: string, options: Parameters<typeof graphCommand>[1]) =>
      exit(await graphCommand(path, options, terminal))
    );
  running(
    add(
      'run <notebook>',
      'Runs the steps: as processes on this machine, or as pods on a cluster.',
      'notepod run train.ipynb -p epochs=5 -o out.ipynb\n  $ notepod run train.ipynb --target argo -n team-a --image python:3.12'
    )
  )
    .option('--from <step>', "start at this step, on the last run's snapshots of the others")
    .option('--fresh', 'run in an empty folder with only the files found, as on a cluster')
    .option('--json', "print the run's events as JSON lines instead of the timeline")
    .option('-o, --output <file>', 'write the notebook with the outputs, also after a failure')
    .addOption(
      new Option('--target <target>', 'where to run').choices(['local', 'argo']).default('local')
    )
    .option('--context <context>', 'argo: the context of the kubeconfig (default: the current one)')
    .option('-n, --namespace <namespace>', "argo: the namespace (default: the context's)")
    .option('--image <image>', 'argo: image of the steps that name none')
    .option('--service-account <name>', 'argo: service account of the pods')
    .option(
      '--run-as-user <uid>',
      'argo: user of the pods, with all that the `restricted` profile asks for',
      wholeNumber
    )
    .action(
      async (path: string, options: RunOptions & ArgoRunOptions & { readonly target: string }) =>
        exit(
          options.target === 'argo'
            ? await runOnArgo(path, ownOptions(options), terminal)
            : await runCommand(path, options, terminal)
        )
    );
  running(
    add(
      'verify <notebook>',
      'Runs a notebook both ways, Run All and as steps, and compares every cell.',
      'notepod verify train.ipynb'
    )
  )
    .option('--json', 'print the comparison as JSON')
    .action(async (path: string, options: Parameters<typeof verifyCommand>[1]) =>
      exit(await verifyCommand(path, options, terminal))
    );
  parameters(
    compileOptions(
      add(
        'compile <notebook>',
        'Writes the document of a cluster, as it can be sent. Sends nothing.',
        'notepod compile train.ipynb --target argo --image python:3.12 -o train.yaml'
      )
    )
  ).action(async (path: string, options: CompileOptions) =>
    exit(await compileCommand(path, options, terminal, VERSION))
  );
  onCluster(add('runs', 'Lists the runs that this machine knows, newest first.', 'notepod runs'))
    .option('--json', 'print them as JSON')
    .option('--all', 'not only the newest 20')
    .action(async (options: Parameters<typeof runsCommand>[0]) =>
      exit(await runsCommand(options, terminal))
    );
  const RUN = 'A run is named by its id, the start of it, or `last`.';
  onCluster(add('show <run>', `Draws where the time of a run went. ${RUN}`, 'notepod show last'))
    .addOption(
      new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text')
    )
    .action(async (run: string, options: Parameters<typeof showCommand>[1]) =>
      exit(await showCommand(run, options, terminal))
    );
  onCluster(
    add(
      'logs <run> [step]',
      `Prints what the steps of a run wrote. ${RUN}`,
      'notepod logs last train'
    )
  )
    .option('-f, --follow', 'go on until the run has ended')
    .action(
      async (run: string, step: string | undefined, options: Parameters<typeof logsCommand>[2]) =>
        exit(await logsCommand(run, step, options, terminal))
    );
  onCluster(
    add(
      'resume <run>',
      `Goes on with a failed or interrupted run from its finished steps. ${RUN}`,
      'notepod resume last'
    )
  ).action(async (run: string, options: ClusterChoice) =>
    exit(await resumeCommand(run, options, terminal))
  );
  onCluster(add('cancel <run>', `Ends a run that is going. ${RUN}`, 'notepod cancel last')).action(
    async (run: string, options: ClusterChoice) => exit(await cancelCommand(run, options, terminal))
  );
  onCluster(
    add(
      'delete <run>',
      `Deletes a run with its snapshots and outputs, and its volume. ${RUN}`,
      'notepod delete 20261124-0915'
    )
  ).action(async (run: string, options: ClusterChoice) =>
    exit(await deleteCommand(run, options, terminal))
  );
  onCluster(
    add(
      'outputs <run>',
      `Writes the run's notebook with the outputs in its cells. ${RUN}`,
      'notepod outputs last -o out.ipynb'
    )
  )
    .requiredOption('-o, --output <file>', 'the notebook to write')
    .action(async (run: string, options: Parameters<typeof outputsCommand>[1]) =>
      exit(await outputsCommand(run, options, terminal))
    );
  addClusterCommands(add, exit, terminal);
  return program;
}

/** Options of every command that takes a run: it may have been started on another machine. */
function onCluster(command: Command): Command {
  return command
    .option('--context <context>', 'look on the cluster of this context too')
    .option('-n, --namespace <namespace>', 'look in this namespace of the cluster too');
}

/** @throws UserError if an option was given that a cluster has no use for */
function ownOptions(options: RunOptions & ArgoRunOptions): ArgoRunOptions {
  const [given] = (['from', 'fresh', 'jobs'] as const).filter(each => options[each] !== undefined);
  if (given !== undefined) {
    throw new UserError(
      `--${given} is for runs on this machine`,
      'leave it out, or run without --target argo'
    );
  }
  return options;
}

/** Options of every command that runs steps. */
function running(command: Command): Command {
  return parameters(command)
    .option('--jobs <n>', 'most steps at once (default: one per processor)', wholeNumber)
    .option('--python <path>', 'the Python that runs the steps (≥ 3.8)');
}

function parameters(command: Command): Command {
  return command.addOption(
    new Option('-p, --parameter <name=value>', 'set a parameter of the notebook (repeatable)')
      .argParser(collectParameter)
      .default(new Map<string, string>(), 'the values in the notebook')
  );
}

function collectParameter(text: string, before: ReadonlyMap<string, string>): Map<string, string> {
  const at = text.indexOf('=');
  if (at < 1) {
    throw new InvalidArgumentError('it must look like name=value.');
  }
  return new Map(before).set(text.slice(0, at).trim(), text.slice(at + 1));
}

/** Replaced by the version of package.json when bundled. */
declare const NOTEPOD_VERSION: string | undefined;
const VERSION = typeof NOTEPOD_VERSION === 'string' ? NOTEPOD_VERSION : 'development';
