import type { Severity } from './types';

/** What is said of a code on its page in `docs/diagnostics/`. */
export interface CatalogueEntry {
  readonly problem: string;
  /** The usual severity; `stop` for what ends a running step. */
  readonly severity: Severity | 'stop';
  /** What it means, in two or three sentences. */
  readonly meaning: string;
  /** What to do. */
  readonly remedy: string;
}

/** Every code that a user can meet. NP1xx: notebook and tags; 2xx: syntax; 3xx: what steps need; 4xx: parameters, files, Python; 5xx: while running; 6xx: on a cluster. */
export const CATALOGUE: Readonly<Record<string, CatalogueEntry>> = {
  NP101: {
    problem: 'A tag means nothing',
    severity: 'warning',
    meaning:
      'The tag looks like a misspelt `imports`, `functions`, `parameters`, `pipeline-metrics` or `skip`, and has no effect as it is.',
    remedy: 'Correct it, or leave it if it belongs to another tool.'
  },
  NP102: {
    problem: 'An unknown tag',
    severity: 'error',
    meaning:
      'The word before the colon is close to one of the tag language, such as `pre:load` for `prev:load`. Ignored, it would change what runs without a word.',
    remedy: 'Correct the word. Tags of other tools are left alone unless they look like this.'
  },
  NP103: {
    problem: 'No step name',
    severity: 'error',
    meaning:
      'Names of steps have small letters, digits, `-` and `_`, a letter or `_` first, and at most 63 characters (on a cluster they become names of pods).',
    remedy: 'Choose another name; the message proposes one.'
  },
  NP104: {
    problem: 'No resource or no quantity',
    severity: 'error',
    meaning:
      'Resources are `cpu`, `memory`, `ephemeral-storage` or extended ones such as `nvidia.com/gpu`; amounts are written as Kubernetes does: `500m`, `2`, `1.5Gi`, `4G`.',
    remedy:
      'Write the amount with one of these suffixes; `GB` is `G` (10⁹ bytes) or `Gi` (2³⁰ bytes).'
  },
  NP105: {
    problem: 'A tag that cannot be read',
    severity: 'error',
    meaning: 'What stands after the colon has not the form that the tag needs.',
    remedy: 'Write it like the example in the message; docs/tags.md lists all forms.'
  },
  NP106: {
    problem: 'A cell in two steps',
    severity: 'error',
    meaning: 'The cell has two `step:` tags with different names, and a cell runs once.',
    remedy: 'Keep one.'
  },
  NP107: {
    problem: 'A bare `step:` with nothing above',
    severity: 'warning',
    meaning: '`step:` without a name continues the step above; here there is none.',
    remedy: 'Give the step a name.'
  },
  NP108: {
    problem: 'A definition cell with a step tag',
    severity: 'warning',
    meaning:
      'Cells tagged `imports`, `functions`, `parameters`, `pipeline-metrics` or `skip` belong to no step, so the step tag has no effect (as in Kale).',
    remedy: 'Take one of the two tags away.'
  },
  NP109: {
    problem: 'A notebook inside a notebook',
    severity: 'error',
    meaning:
      "Kale's `notebook:` tag runs another notebook as a sub-pipeline; that has no counterpart.",
    remedy:
      "Copy the other notebook's cells here, with their tags, or run it as a pipeline of its own."
  },
  NP111: {
    problem: 'Nothing to run',
    severity: 'error',
    meaning: 'The notebook has no code cell, or only empty and skipped ones.',
    remedy: 'Write code, or take a `skip` tag away.'
  },
  NP112: {
    problem: 'Not a Python notebook',
    severity: 'error',
    meaning: "The notebook's metadata name another language.",
    remedy: 'Only Python notebooks can be run as a pipeline.'
  },
  NP113: {
    problem: '`prev:` names no step',
    severity: 'error',
    meaning: 'No cell starts a step of that name.',
    remedy: 'Correct the name; the message lists the steps.'
  },
  NP114: {
    problem: 'A step after itself',
    severity: 'error',
    meaning: 'A step names itself in `prev:`.',
    remedy: 'Take the tag away.'
  },
  NP115: {
    problem: '`prev:` names a later step',
    severity: 'error',
    meaning:
      'Run All runs cells from top to bottom, so a step cannot wait for one that starts below it.',
    remedy: "Move that step's cells up, or take the tag away."
  },
  NP116: {
    problem: 'Cells of a step contradict each other',
    severity: 'error',
    meaning: 'A step is one process (one pod), and two of its cells ask for different things.',
    remedy: 'Keep one of the two tags; the message names both cells.'
  },
  NP117: {
    problem: 'A limit below the request',
    severity: 'error',
    meaning: 'Kubernetes refuses a container whose limit is lower than its request.',
    remedy: 'Raise the limit or lower the request.'
  },
  NP118: {
    problem: 'Devices that cannot be given like that',
    severity: 'error',
    meaning:
      'Devices such as `nvidia.com/gpu`, and huge pages, are given as a whole: in whole numbers, and with a limit that is the same as the request.',
    remedy: 'Write `limit:nvidia.com/gpu:1` alone; the request follows.'
  },
  NP119: {
    problem: 'Too little memory for any process',
    severity: 'warning',
    meaning:
      'The amount is a few bytes: `memory:500m` is half a byte, since `m` means thousandths, and `memory:512` is 512 bytes.',
    remedy: 'Write the unit: `512Mi`, `2Gi`.'
  },
  NP121: {
    problem: 'An unknown setting',
    severity: 'warning',
    meaning: "A key of the notebook's metadata `notepod` is not known and has no effect.",
    remedy: 'Correct the key or take it out.'
  },
  NP122: {
    problem: 'A setting of the wrong type',
    severity: 'error',
    meaning: "A value of the notebook's metadata `notepod` cannot be used as it is.",
    remedy: 'Correct it in the metadata (in JupyterLab: Property Inspector, Notebook metadata).'
  },
  NP123: {
    problem: "Kale's settings without a counterpart",
    severity: 'info',
    meaning: 'Some settings of a Kale notebook belong to parts of Kale that do not exist here.',
    remedy: 'Nothing, if the notebook does not rely on them.'
  },
  NP201: {
    problem: 'A cell that is no Python',
    severity: 'error',
    meaning:
      'Python would refuse the cell with a SyntaxError, in Run All and in a step alike. The other cells are checked all the same.',
    remedy: 'Correct the line.'
  },
  NP301: {
    problem: 'A name without a value',
    severity: 'error',
    meaning:
      'No earlier cell, definition cell or parameter gives the name a value, so Run All would stop with a NameError.',
    remedy: 'Correct the name (the message proposes the nearest), or give it a value before.'
  },
  NP302: {
    problem: 'A name that may have no value',
    severity: 'warning',
    meaning:
      'The line runs on some paths only, and no earlier cell gives the name a value. Where it runs, it fails as in Run All.',
    remedy: 'Give the name a value before.'
  },
  NP303: {
    problem: 'A name used before its cell',
    severity: 'error',
    meaning:
      'The name first gets a value in a later cell. In the notebook it worked because cells were run out of order.',
    remedy: 'Move the cell that makes it up.'
  },
  NP304: {
    problem: 'A deleted name',
    severity: 'error',
    meaning: 'An earlier cell deleted the name, and nothing gave it a new value.',
    remedy: 'Take out the `del`, or give it a new value.'
  },
  NP305: {
    problem: 'A star import whose names are not known',
    severity: 'warning',
    meaning:
      'What `from module import *` binds depends on the installed module, and it could not be asked. Which names later cells take from it, and whether it replaces a name, is then not known.',
    remedy:
      'Run the check with a Python that has the module, or write `from module import name, other`.'
  },
  NP321: {
    problem: 'A value that cannot leave its process',
    severity: 'error',
    meaning:
      'Steps are processes; values travel between them through files. Generators, open files, sockets, threads and connections cannot.',
    remedy:
      'Make the value in the step that uses it, put both cells into one step, or pass on what it gives: a list, the rows, the text.'
  },
  NP331: {
    problem: 'Two steps around each other',
    severity: 'error',
    meaning:
      "A step's cells lie before and after those of another step, and each needs something of the other. A step runs in one go.",
    remedy: 'Give the later cells a step of their own.'
  },
  NP332: {
    problem: 'A module changed from outside',
    severity: 'error',
    meaning:
      'A cell assigns to an attribute of an imported module, and a later step uses the module. Every step imports it afresh, so the change would be lost there.',
    remedy: 'Put the line into a function that both steps call, or both cells into one step.'
  },
  NP341: {
    problem: 'A cell that waits for somebody',
    severity: 'error',
    meaning: '`input()` and its like wait for a person, and a step has none.',
    remedy:
      'Make the value a parameter: a constant in a cell tagged `parameters`, set with `-p name=value`.'
  },
  NP342: {
    problem: "IPython's history of another step",
    severity: 'error',
    meaning:
      '`_`, `__`, `Out`, `In`, `_3` and `_i3` give what cells before showed or were. A step has the history of its own cells only.',
    remedy: 'Give the value a name in the cell that shows it, or put the cells into one step.'
  },
  NP401: {
    problem: 'An unknown parameter',
    severity: 'error',
    meaning: 'Only constants in cells tagged `parameters` can be set from outside.',
    remedy: 'Correct the name, or tag the cell that sets it with `parameters`.'
  },
  NP402: {
    problem: 'A parameter of the wrong type',
    severity: 'error',
    meaning: "The notebook's own value decides the type of a parameter.",
    remedy: 'Give a value of that type; lists and dicts are written as JSON.'
  },
  NP411: {
    problem: 'A file that is not there',
    severity: 'warning',
    meaning:
      'A cell reads a file by a literal path; it is not beside the notebook, and no cell is seen to write it by that name.',
    remedy: 'Put the file there, or correct the path.'
  },
  NP412: {
    problem: "A path outside the notebook's folder",
    severity: 'info',
    meaning:
      'On this machine the file can be read. It does not travel with a run (`--fresh`, a cluster).',
    remedy: 'Move it beside the notebook and use a relative path.'
  },
  NP413: {
    problem: 'A listed file that is not there',
    severity: 'error',
    meaning: 'The settings list a file under `files` that does not exist.',
    remedy: 'Correct the path, which is relative to the notebook, or take it off the list.'
  },
  NP421: {
    problem: 'A module that the Python has not',
    severity: 'error',
    meaning:
      'Steps run in the Python that is named; it cannot find a module that the notebook imports.',
    remedy: 'Install it there, or use another Python with `--python PATH`.'
  },
  NP422: {
    problem: 'IPython is needed',
    severity: 'error',
    meaning:
      "Magics, shell lines, `display` and the history (`_`, `Out`) are IPython's, and the Python has none.",
    remedy: 'Install `ipython` there, or write the line in plain Python.'
  },
  NP501: {
    problem: 'A value that could not be passed on',
    severity: 'stop',
    meaning:
      'A later step needs the value, and it cannot be written to a file. Nothing of the step is kept.',
    remedy: 'As for NP321: make it where it is used, join the steps, or pass on what it gives.'
  },
  NP502: {
    problem: 'A value changed behind the analysis',
    severity: 'stop',
    meaning:
      'A step changed a value that it was taken to only read, and another step that may run beside it relies on the old one. The run stops rather than give something else than Run All.',
    remedy: 'Work on a copy, or order the two steps with `prev:`.'
  },
  NP503: {
    problem: 'A change that the analysis did not see',
    severity: 'warning',
    meaning:
      'As NP502, but all steps that rely on the value come later anyway: it is passed on as it is now, which is what Run All gives.',
    remedy: 'Nothing. The message tells which step changes the value.'
  },
  NP504: {
    problem: 'A generator moved behind the analysis',
    severity: 'stop',
    meaning:
      'The notebook seeds a generator, and a later step drew from it without the analysis seeing that (a library did): it had no state to draw on from.',
    remedy: 'Put it into one step with the seeding cell, or seed again in it.'
  },
  NP505: {
    problem: 'A snapshot could not be written',
    severity: 'stop',
    meaning:
      'The disk is full, or the folder of the run cannot be written. Nothing half-written is kept.',
    remedy: 'Free some room, then `notepod resume` the run.'
  },
  NP506: {
    problem: 'A snapshot is damaged or gone',
    severity: 'stop',
    meaning: 'Sizes and checksums are looked at on every load, and they do not agree.',
    remedy: 'Run the step that wrote it again: `notepod run --from STEP`.'
  },
  NP507: {
    problem: 'Snapshots of another Python',
    severity: 'stop',
    meaning: 'A value was written by one version of Python and is read by another.',
    remedy: 'Use one version for all steps of a run.'
  },
  NP508: {
    problem: 'A module is missing in the step',
    severity: 'stop',
    meaning:
      'The step looked for the modules of its cells before anything else, and one is not there.',
    remedy: 'Install it in the Python or image that the message names.'
  },
  NP509: {
    problem: 'IPython is missing in the step',
    severity: 'stop',
    meaning: 'The step has magics or shell lines, and its Python has no IPython.',
    remedy: 'Install `ipython` there.'
  },
  NP510: {
    problem: 'A cell raised an exception',
    severity: 'stop',
    meaning:
      'As in Run All, the first exception ends the step, and nothing of it is kept. The exception stands in the cell of the output notebook.',
    remedy: 'Mend the cell; `notepod run --from STEP` goes on from the steps before.'
  },
  NP511: {
    problem: 'The process of a step was killed',
    severity: 'stop',
    meaning:
      'A signal ended it: the system, for want of memory (SIGKILL), or a crash in a library (SIGSEGV).',
    remedy: 'Use less memory in the step, or split it; for a crash see the log.'
  },
  NP512: {
    problem: 'A step took longer than its timeout',
    severity: 'stop',
    meaning: 'The tag `timeout:` limits the step, and the limit was reached.',
    remedy: 'Raise the limit, or make the step shorter.'
  },
  NP513: {
    problem: 'A step ended before it was done',
    severity: 'stop',
    meaning:
      'The process ended without an exception and without its last words, as `os._exit()` does.',
    remedy: 'Take the call out; the log shows how far it came.'
  },
  NP514: {
    problem: 'A step could not be started',
    severity: 'stop',
    meaning:
      'The Python, or the folder that steps work in, is gone since the run was submitted, or the system refused to start a process.',
    remedy: 'Put it back and `notepod resume` the run, or run the notebook again.'
  },
  NP515: {
    problem: 'The order of a set may be another one in later steps',
    severity: 'warning',
    meaning:
      'A set is gone through in the order of its hash table. A step passes that order on; here the table could not be rebuilt, so that a loop over the set, its `pop()` or what `print` shows of it may have another order than in Run All.',
    remedy: 'Use `sorted(…)` where the order matters.'
  },
  NP601: {
    problem: 'No image is known for a step',
    severity: 'error',
    meaning:
      'A pod runs in an image. The step has no tag `image:`, the notebook no setting, none was given with `--image`, Jupyter does not run in a pod whose image is known, and `NOTEPOD_IMAGE` is not set.',
    remedy:
      'Name the image. It needs Python 3.8 or newer and the packages that the notebook imports.'
  },
  NP602: {
    problem: 'Files are too large to travel with a run',
    severity: 'error',
    meaning:
      'The files that the notebook reads travel in an object of Kubernetes, which takes 1 MB; packed they are larger.',
    remedy: 'Put them on a claim and mount it: `volume:CLAIM:/PATH:ro`.'
  },
  NP603: {
    problem: 'A notebook is too large for a cluster',
    severity: 'error',
    meaning: 'The cells travel in an object of Kubernetes, and its store takes 1.5 MB at once.',
    remedy: 'Move large texts out of the cells into files on a volume.'
  },
  NP604: {
    problem: 'Argo would replace a part of a tag',
    severity: 'error',
    meaning:
      'Argo takes `{{…}}` for a variable wherever it stands in a Workflow, and has no way to write it as a text. Cells, files and the values of `env:` tags are out of its sight; what becomes a part of a pod is not.',
    remedy: 'Write the tag without `{{`, or pass the text by an `env:` tag.'
  },
  NP605: {
    problem: 'A document is too large for Argo',
    severity: 'error',
    meaning:
      'Argo works on no Workflow of more than 1 MiB with its state (`MAX_WORKFLOW_SIZE` of its controller). A document of `notepod compile` holds the cells and the files that travel.',
    remedy:
      '`notepod run --target argo` puts them beside the Workflow, where there is more room; or move large texts and files onto a volume.'
  },
  NP611: {
    problem: 'The pod of a step was deleted',
    severity: 'stop',
    meaning:
      'Somebody or something deleted the pod while it ran: a person, a drained node, or a cluster that needed the room.',
    remedy: '`notepod resume` goes on from the finished steps; a tag `retry:` does it by itself.'
  },
  NP612: {
    problem: 'A step needed more memory than its limit',
    severity: 'stop',
    meaning:
      'The kernel ended the step, because its container reached its memory limit, or its node had no memory left.',
    remedy: 'Raise the limit: `limit:memory:…`, and `request:memory:…` with it; or split the step.'
  },
  NP613: {
    problem: 'A step was evicted from its node',
    severity: 'stop',
    meaning:
      'The node ran out of memory or disk and gave up pods, first those that use more than they asked for.',
    remedy: 'Request what the step needs: `request:memory:…`, `request:ephemeral-storage:…`.'
  },
  NP614: {
    problem: 'A pod failed without a word of the step program',
    severity: 'stop',
    meaning:
      'The container could not be started, or ended outright, so that only Kubernetes can say why.',
    remedy: 'The message has what it says; `kubectl describe pod` shows more.'
  },
  NP661: {
    problem: 'A pipeline of Kubeflow cannot say this',
    severity: 'error',
    meaning:
      'The format of Kubeflow Pipelines has no place for what the notebook asks for: more than one resource beside CPU and memory, ephemeral storage, one claim at two paths. The run would go on without it, so it is not made.',
    remedy:
      'Take the tag out for Kubeflow, or run the notebook with `--target argo`, which can carry everything.'
  },
  NP662: {
    problem: 'Something is different on Kubeflow',
    severity: 'warning',
    meaning:
      'The format of Kubeflow Pipelines carries this with a difference, which the message names: a claim that could be written although it is meant for reading, a cache that does not help, a parameter whose value is not shown there.',
    remedy: 'Nothing, if the difference does no harm.'
  },
  NP663: {
    problem: 'A text in which the cluster would replace something',
    severity: 'error',
    meaning:
      'Argo, which runs the pipelines of Kubeflow, takes `{{` for the start of a place to fill in, wherever it stands in what it is given.',
    remedy:
      'Write the text without two braces in a row. Code, `env:` and the values of parameters may have them.'
  },
  NP664: {
    problem: 'An older Kubeflow passes over this',
    severity: 'info',
    meaning:
      'The setting is part of the format since the version that the message names. Older servers read over it without a word.',
    remedy: 'Nothing, if the server is that new.'
  },
  NP665: {
    problem: 'A pipeline too large for Kubeflow',
    severity: 'error',
    meaning:
      'Kubeflow hands the container of a task, and the list of all tasks, to its own programs as one argument each, and Linux takes 128 KiB in one; Argo keeps the whole run with its state in one object of 1 MiB, in which the code of the steps stands several times.',
    remedy:
      'Move large texts out of the cells into files on a claim, use fewer steps, or run the notebook with `--target argo`.'
  },
  NP599: {
    problem: 'The step program failed',
    severity: 'stop',
    meaning: 'Something happened that the step program does not know. This is a defect.',
    remedy: 'Please report it with the log of the step.'
  },
  NP631: {
    problem: 'A place that no node knows',
    severity: 'error',
    meaning:
      'The step has a tag `location:` with a place that no node of the cluster has a latency to, so nothing can be near to it.',
    remedy:
      'Correct the name (the message lists the places that there are), or have the latencies measured: `notepod nodes measure`.'
  },
  NP632: {
    problem: 'No node is near enough',
    severity: 'error',
    meaning:
      'The step has a tag `location:<place>:<ms>`, and every node that it would fit on is farther from the place, or nobody knows how far.',
    remedy:
      'Raise the ceiling, or leave it away: then the nearest node is preferred, wherever it is.'
  },
  NP633: {
    problem: 'A step fits on no node',
    severity: 'error',
    meaning:
      'No node of the cluster can take the step, even if it were empty: the amounts, the labels asked for, the taints, the location and the mounted claims leave none. The message tells what the nearest one lacks. A warning where new nodes are added by themselves.',
    remedy:
      'Ask for less, or change the tag that the message is about. `notepod nodes NOTEBOOK` tells it of every node.'
  },
  NP634: {
    problem: 'A step fits on no node now',
    severity: 'warning',
    meaning: 'Other pods have what the step needs; it waits until they end.',
    remedy: 'Wait, ask for less, or end what is not needed.'
  },
  NP635: {
    problem: 'A step farther away than it could be',
    severity: 'warning',
    meaning:
      'The steps hand over their values on one volume. It is one for a single node, so that all steps run there, and the first step with a location decides where.',
    remedy:
      'Name a storage class whose volumes many nodes can mount, in the settings: `"volume": {"storageClass": "nfs", "accessMode": "ReadWriteMany"}`.'
  },
  NP636: {
    problem: 'No such volume can be made',
    severity: 'error',
    meaning:
      'The storage class is not there, there is no default one, or it cannot give the access mode that the settings ask for. The claim would wait without end.',
    remedy:
      'Name one of the classes that the message lists in the settings, or take the access mode out.'
  },
  NP637: {
    problem: 'Steps that cannot share a volume',
    severity: 'error',
    meaning:
      'No node can take all steps, and no storage class is known whose volumes many nodes can mount at once; so a step would never reach what an earlier one left.',
    remedy:
      'Take a location or node tag away, fuse the steps that must meet, or name a storage class that many nodes can mount.'
  },
  NP638: {
    problem: 'A volume that is made too early',
    severity: 'warning',
    meaning:
      'The storage class makes volumes as soon as they are claimed (binding mode Immediate), on a node or in a zone of its choice; some steps cannot run everywhere.',
    remedy: 'Name a class with the binding mode WaitForFirstConsumer.'
  }
};
