"""Runs one step: inputs, definitions, cells, guard, snapshot. The engine starts it; see ``README.md``."""

import _thread
import contextlib
import json
import os
import signal
import sys
import time

from . import lifeline
from .record import Record, process_start

#: Exit codes; the engine tells outcomes by them.
SUCCEEDED, FAILED, GUARD, SNAPSHOT, CANCELLED = 0, 1, 4, 5, 143


class Cancelled(BaseException):
    """SIGTERM: the step ends cleanly and keeps nothing."""


class Failed(Exception):
    """A cell raised; its error is recorded already."""


def main(arguments):
    """Runs the step of a plan and ends the process with its exit code."""
    lifeline.hold()
    plan_path, volume, folder = arguments
    with open(plan_path, encoding="utf-8") as file:
        plan = json.load(file)
    record = Record(folder)
    start = process_start()
    record.write(
        "start",
        pid=os.getpid(),
        python="%d.%d.%d" % sys.version_info[:3],
        attempt=int(os.path.basename(folder) or 1),
        **({} if start is None else {"processStart": str(start)}),
    )
    _take_sigterm()
    code = _run(plan, volume, folder, record)
    record.write("phase", phase="end")
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads and finalisers of libraries must not hold a finished step, nor change how it ended.
    os._exit(code)


def _take_sigterm():
    """SIGTERM cancels the step. A child that a cell forks (``multiprocessing.Pool``) is none: it ends of it, as in a kernel."""
    step = os.getpid()

    def cancel(*_):
        if os.getpid() != step:
            # A library has forked past Python, and nothing was done after it.
            let_go()
            os.kill(os.getpid(), signal.SIGTERM)
            return
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Cancelled

    def let_go():
        # What a cell has set itself holds in its children.
        if signal.getsignal(signal.SIGTERM) is cancel:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, cancel)
    if hasattr(os, "register_at_fork"):
        # A signal that comes between the fork and letting go would find the handler, and Python forgets what is pending there in a
        # child: a pool that ends its workers at once would wait for ever. Held back, it comes when the child has let go.
        masks = {}

        def hold():
            masks[_thread.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

        def release():
            mask = masks.pop(_thread.get_ident(), None)
            if mask is not None:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)

        def begin():
            let_go()
            release()

        os.register_at_fork(before=hold, after_in_parent=release, after_in_child=begin)


def _run(plan, volume, folder, record):
    step = Step(plan, volume, folder, record)
    try:
        step.run()
    except Failed:
        record.write("done", outcome="failed", bytesWritten=0)
        return FAILED
    except Cancelled:
        step.outputs.end()
        record.write("done", outcome="cancelled", bytesWritten=0)
        sys.stderr.write("notepod: the step was cancelled; nothing of it is kept\n")
        return CANCELLED
    except Exception as error:
        return _stopped(error, step, record)
    record.write("done", outcome="succeeded", bytesWritten=step.written)
    return SUCCEEDED


def _stopped(error, step, record):
    """Records what stopped the step outside of its cells."""
    from .errors import GuardStop, ShipError, StepStop

    step.outputs.end()
    if isinstance(error, StepStop):
        guard = isinstance(error, (GuardStop, ShipError))
        fields = {"code": error.code, "message": f"{error.message} {error.fix}".strip()}
        if error.cell is not None:
            fields["cell"] = error.cell
        if error.name is not None:
            fields["name"] = error.name
        record.write("guard" if guard else "error", **fields)
        record.write("done", outcome="guard" if guard else "failed", bytesWritten=0)
        sys.stderr.write(f"notepod: {fields['code']}: {fields['message']}\n")
        return GUARD if guard else SNAPSHOT
    import traceback

    message = f"{type(error).__name__}: {error}"
    record.write(
        "error",
        code="NP599",
        message=f"the step program failed: {message}",
        traceback=traceback.format_exc().split("\n"),
    )
    record.write("done", outcome="failed", bytesWritten=0)
    traceback.print_exc()
    return FAILED


class Step:
    """One step of a run, in the order in which it happens."""

    def __init__(self, plan, volume, folder, record):
        from .output import Outputs

        self._plan = plan
        self._volume = volume
        self._record = record
        self.outputs = Outputs(folder)
        self.written = 0

    def run(self):
        """Runs the step. Raises :class:`Failed` after a cell's exception, and what loading and saving raise."""
        plan, record = self._plan, self._record
        record.write("phase", phase="preflight")
        self._preflight()
        from . import cells, output

        output.install(self.outputs)
        sys.argv = ["notepod"]
        namespace = cells.new_main()
        shell = self._shell(namespace)
        states = {}
        loaded = None
        if plan["ambientIn"]:
            from . import ambient

            states = ambient.read_states(self._volume, plan)
            ambient.apply(states, generators=False)
        local_modules = None
        if plan["importedLater"]:
            from .local_modules import LocalModules

            local_modules = LocalModules(plan["importedLater"])
        record.write("phase", phase="imports")
        waiting = self._replay(plan["replays"], shell, namespace)
        record.write("phase", phase="load")
        if plan["ancestors"]:
            from .loading import load_inputs

            loaded = load_inputs(self._volume, plan, namespace, self._loaded)
        # An earlier step may have handed it on as it is now.
        given = loaded.bound if loaded is not None else ()
        waiting = [each for each in waiting if not all(name in given for name in each["names"])]
        if waiting:
            # Definitions that need a value of an earlier step to be made.
            waiting = self._replay(waiting, shell, namespace)
            first = plan["cells"][0]["index"]
            for each in waiting:
                # One that stands between the step's own cells may need what those before it make.
                if each["cell"] < first:
                    raise each["error"]
        self._make_settings(plan["settings"], shell, namespace)
        watched = [each["channel"] for each in plan["ambientWatch"]]
        before = {}
        if states or watched or plan["ambientOut"]:
            from . import ambient

            ambient.apply(states, generators=True)
            self._import_generators(watched)
            before = ambient.capture([*watched, *plan["ambientOut"]])
        if plan["laterDefinitions"]:
            from .definitions import DefinitionRegistry
            from .loading import Loaded

            loaded = loaded or Loaded(DefinitionRegistry(namespace, plan))
        if loaded is not None:
            loaded.watch_definitions(plan)
            loaded.watch_values(plan)
        record.write("phase", phase="cells")
        for cell in plan["cells"]:
            due = [each for each in waiting if each["cell"] < cell["index"]]
            if due:
                waiting = [each for each in waiting if each not in due]
                for each in self._replay(due, shell, namespace):
                    self._fail(each["error"], each["cell"])
            self._cell(cell, shell, namespace)
        shell.close()
        if local_modules is not None:
            local_modules.check(plan)
        self._save(namespace, loaded, before, watched)

    def _import_generators(self, watched):
        """A generator whose module the cells import would be new afterwards: nobody could tell whether it was moved."""
        if "random" in watched:
            import random  # noqa: F401
        if "numpy.random" in watched and self._plan["modules"]:
            with contextlib.suppress(ImportError):
                import numpy.random  # noqa: F401

    def _preflight(self):
        """Looks for the modules of the step before anything is loaded."""
        from importlib.util import find_spec

        missing = []
        for name in self._plan["modules"]:
            try:
                found = name in sys.modules or find_spec(name) is not None
            except (ImportError, ValueError):
                found = True
            if not found:
                missing.append(name)
        if not missing or self._installs():
            return
        message = f"{self._plan['image']} has no module {', '.join(missing)}"
        self._record.write(
            "error",
            code="NP508",
            message=message,
            ename="ModuleNotFoundError",
            evalue=f"No module named '{missing[0]}'",
        )
        sys.stderr.write(f"notepod: NP508: {message}\n")
        raise Failed

    def _installs(self):
        return any("pip install" in cell["source"] for cell in self._plan["cells"])

    def _shell(self, namespace):
        os.environ.setdefault("MPLBACKEND", "module://notepod_runtime.figures")
        _figures_show_here(self.outputs)
        from .cells import PlainShell

        plain = PlainShell(namespace, self.outputs)
        self._plain = plain
        if not self._plan["needsIPython"]:
            return plain
        try:
            from .shell import IPythonShell

            return IPythonShell(namespace, self.outputs, plain)
        except ImportError:
            message = f"step {self._plan['step']} has magics or shell lines, and {self._plan['image']} has no IPython. Install ipython there."
            self._record.write("error", code="NP509", message=message, cell=self._plan["cells"][0]["index"])
            raise Failed from None

    def _replay(self, replays, shell, namespace):
        """Runs definitions; gives back those that lack a name as yet."""
        waiting = []
        for each in replays:
            began = time.monotonic_ns()
            try:
                if each["kind"] == "magic":
                    shell.magic(each["source"])
                else:
                    self._plain.define(each["cell"], each["line"], each["source"])
            except NameError as error:
                waiting.append({**each, "error": error})
                continue
            except Exception as error:
                self._fail(error, each["cell"])
            if each["kind"] == "import":
                self._record.write(
                    "import", module=each["source"].strip(), ns=str(time.monotonic_ns() - began)
                )
        return waiting

    def _make_settings(self, settings, shell, namespace):
        """Sets libraries up as earlier cells did; one that nothing here has imported, or can import, notices nothing."""
        for each in settings:
            if each["package"] not in sys.modules and not each["isUsed"]:
                continue
            before = dict(namespace)
            try:
                for statement in each["imports"]:
                    shell.define(each["cell"], each["line"], statement)
                shell.define(each["cell"], each["line"], each["source"])
            except ImportError:
                continue
            except Exception as error:
                self._fail(error, each["cell"])
            finally:
                for name in namespace.keys() - before.keys():
                    del namespace[name]
                namespace.update(before)

    def _loaded(self, name, step, size, took):
        self._record.write("loaded", name=name, **{"from": step}, bytes=size, ns=str(took))

    def _cell(self, cell, shell, namespace):
        from . import display

        index = cell["index"]
        self._record.write("cell-start", cell=index)
        self.outputs.begin(index)
        _forget_peak()
        began, cpu = time.monotonic_ns(), _cpu()
        error = None
        try:
            with _environment(cell.get("env", {})):
                shell.run(index, cell["source"])
        except Cancelled:
            raise
        except BaseException as raised:
            error = raised
        shown = time.monotonic_ns()
        display.show_figures(self.outputs)
        if error is not None:
            self._describe(error, index)
        self.outputs.end()
        given = self._plan["parameters"]
        if given:
            from ast import literal_eval

            namespace.update(
                {name: literal_eval(given[name]) for name in cell["parameters"] if name in given}
            )
        ended = time.monotonic_ns()
        self._record.write(
            "cell-end",
            cell=index,
            ns=str(ended - began),
            cpuNs=str(_cpu() - cpu),
            peakRssBytes=_peak(),
            displayNs=str(ended - shown),
            failed=error is not None,
        )
        if error is not None and not cell["raisesException"]:
            self._raise(error, index)

    def _describe(self, error, index):
        from .cells import describe

        name, text, lines, _, _ = describe(error, [each["index"] for each in self._plan["cells"]])
        self.outputs.error(name, text, lines)
        log = self.outputs.log["stderr"]
        log.write("\n".join(lines) + "\n")
        log.flush()

    def _raise(self, error, index):
        from .cells import describe

        name, text, lines, cell, line = describe(error, [each["index"] for each in self._plan["cells"]])
        fields = {"cell": index if cell is None else cell}
        if line is not None:
            fields["line"] = line
        message = f"{name}: {text}" if text else name
        self._record.write(
            "error", code="NP510", message=message, ename=name, evalue=text, traceback=lines, **fields
        )
        raise Failed from error

    def _fail(self, error, cell):
        """A definition that is run again failed."""
        self.outputs.begin(cell)
        self._describe(error, cell)
        self.outputs.end()
        self._raise(error, cell)

    def _save(self, namespace, loaded, before, watched):
        plan, record = self._plan, self._record
        record.write("phase", phase="guard")
        left = {}
        if watched or plan["ambientOut"]:
            from . import ambient

            after = ambient.capture([*watched, *plan["ambientOut"]])
            self._guard_ambient(before, after)
            left = {
                each: after[each]
                for each in plan["ambientOut"]
                if each in after and after[each] != before.get(each)
            }
        record.write("phase", phase="save")
        from .definitions import DefinitionRegistry
        from .loading import Loaded
        from .saving import save_outputs

        loaded = loaded or Loaded(DefinitionRegistry(namespace, plan))
        report = save_outputs(self._volume, plan, namespace, loaded, left, self._saved)
        for code, message, name in report.warnings:
            record.write("warning", code=code, message=message, name=name)
        self.written = report.bytes

    def _guard_ambient(self, before, after):
        for entry in self._plan["ambientWatch"]:
            channel = entry["channel"]
            if channel in before and after.get(channel) != before[channel]:
                from .errors import GuardStop

                step, module = self._plan["step"], channel.partition(".")[0]
                message = f"step {step} draws from the generator of {module}, which an earlier step seeded, and the analysis did not see that"
                fix = f"Seed again in step {step}, or put it and the seeding cell into one step."
                if entry["steps"]:
                    message += f"; step {entry['steps'][0]} draws from it as well"
                    fix = f"Seed again in step {step} and after it, or put both into one step."
                raise GuardStop(
                    "NP504",
                    f"{message}.",
                    fix,
                    None,
                    self._plan["cells"][-1]["index"],
                )

    def _saved(self, name, size, took, group):
        self._record.write("saved", name=name, bytes=size, ns=str(took), group=group)


def _figures_show_here(outputs):
    """Tells the matplotlib back end where to show, once matplotlib imports it."""
    import builtins

    builtins.__notepod_outputs__ = outputs


@contextlib.contextmanager
def _environment(variables):
    """Sets variables while a cell runs. What the cell makes of them itself stays."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if os.environ.get(name) == variables[name]:
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value


def _cpu():
    times = os.times()
    return int((times.user + times.system + times.children_user + times.children_system) * 1e9)


def _forget_peak():
    """Starts counting the peak of resident memory anew (proc(5), clear_refs 5), where that is allowed."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def _peak():
    """Peak resident memory in bytes since :func:`_forget_peak`, or of the process where that was not possible."""
    try:
        with open("/proc/self/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
