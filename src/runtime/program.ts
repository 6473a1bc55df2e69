import entry from './notepod_step.py';
import boot from './notepod_boot.py';
import kfp from './notepod_kfp.py';
import pod from './notepod_pod.py';
import init from './notepod_runtime/__init__.py';
import ambient from './notepod_runtime/ambient.py';
import arrays from './notepod_runtime/arrays.py';
import byvalue from './notepod_runtime/byvalue.py';
import caches from './notepod_runtime/caches.py';
import cells from './notepod_runtime/cells.py';
import content from './notepod_runtime/content.py';
import definitionState from './notepod_runtime/definition_state.py';
import definitions from './notepod_runtime/definitions.py';
import descriptors from './notepod_runtime/descriptors.py';
import display from './notepod_runtime/display.py';
import errors from './notepod_runtime/errors.py';
import exceptions from './notepod_runtime/exceptions.py';
import figures from './notepod_runtime/figures.py';
import frames from './notepod_runtime/frames.py';
import grouping from './notepod_runtime/grouping.py';
import guard from './notepod_runtime/guard.py';
import lifeline from './notepod_runtime/lifeline.py';
import loading from './notepod_runtime/loading.py';
import localModules from './notepod_runtime/local_modules.py';
import locating from './notepod_runtime/locating.py';
import logState from './notepod_runtime/log_state.py';
import mapping from './notepod_runtime/mapping.py';
import objectArrays from './notepod_runtime/object_arrays.py';
import opcodes from './notepod_runtime/opcodes.py';
import output from './notepod_runtime/output.py';
import pickling from './notepod_runtime/pickling.py';
import plain from './notepod_runtime/plain.py';
import pretty from './notepod_runtime/pretty.py';
import record from './notepod_runtime/record.py';
import references from './notepod_runtime/references.py';
import runner from './notepod_runtime/runner.py';
import saving from './notepod_runtime/saving.py';
import setOrder from './notepod_runtime/set_order.py';
import shell from './notepod_runtime/shell.py';
import tensors from './notepod_runtime/tensors.py';
import versions from './notepod_runtime/versions.py';
import volume from './notepod_runtime/volume.py';

/** The step program: its files by path, to be put into a folder or into a pipeline's document. */
export const STEP_PROGRAM: Readonly<Record<string, string>> = {
  'notepod_step.py': entry,
  'notepod_kfp.py': kfp,
  'notepod_pod.py': pod,
  'notepod_runtime/__init__.py': init,
  'notepod_runtime/ambient.py': ambient,
  'notepod_runtime/arrays.py': arrays,
  'notepod_runtime/byvalue.py': byvalue,
  'notepod_runtime/caches.py': caches,
  'notepod_runtime/cells.py': cells,
  'notepod_runtime/content.py': content,
  'notepod_runtime/definition_state.py': definitionState,
  'notepod_runtime/definitions.py': definitions,
  'notepod_runtime/descriptors.py': descriptors,
  'notepod_runtime/display.py': display,
  'notepod_runtime/errors.py': errors,
  'notepod_runtime/exceptions.py': exceptions,
  'notepod_runtime/figures.py': figures,
  'notepod_runtime/frames.py': frames,
  'notepod_runtime/grouping.py': grouping,
  'notepod_runtime/guard.py': guard,
  'notepod_runtime/lifeline.py': lifeline,
  'notepod_runtime/loading.py': loading,
  'notepod_runtime/local_modules.py': localModules,
  'notepod_runtime/locating.py': locating,
  'notepod_runtime/log_state.py': logState,
  'notepod_runtime/mapping.py': mapping,
  'notepod_runtime/object_arrays.py': objectArrays,
  'notepod_runtime/opcodes.py': opcodes,
  'notepod_runtime/output.py': output,
  'notepod_runtime/pickling.py': pickling,
  'notepod_runtime/plain.py': plain,
  'notepod_runtime/pretty.py': pretty,
  'notepod_runtime/record.py': record,
  'notepod_runtime/references.py': references,
  'notepod_runtime/runner.py': runner,
  'notepod_runtime/saving.py': saving,
  'notepod_runtime/set_order.py': setOrder,
  'notepod_runtime/shell.py': shell,
  'notepod_runtime/tensors.py': tensors,
  'notepod_runtime/versions.py': versions,
  'notepod_runtime/volume.py': volume
};

/** What every pod of a run starts with, as an argument of `python3 -c`: it unpacks the run's bundle onto the volume, once. */
export const BOOT_TEXT: string = boot;
