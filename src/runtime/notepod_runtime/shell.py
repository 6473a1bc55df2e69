"""IPython in process, for steps with magics, shell lines or its display; imported by no other step."""

from .display import picture


class IPythonShell:
    """Runs cells through an ``InteractiveShell`` on the notebook's ``__main__``; outputs go where all others go."""

    def __init__(self, namespace, outputs, plain):
        """``plain`` is the shell that runs definitions again."""
        import sys

        from IPython.core.displayhook import DisplayHook
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.interactiveshell import InteractiveShell

        class Publisher(DisplayPublisher):
            def publish(self, data, metadata=None, **_):
                outputs.display(_plain(data), metadata)

            def clear_output(self, wait=False):
                outputs.clear()

        class Hook(DisplayHook):
            def write_output_prompt(self):
                pass

            def write_format_data(self, format_dict, md_dict=None):
                if not self.quiet():
                    outputs.result(_plain(format_dict), md_dict)

        class Shell(InteractiveShell):
            def showtraceback(self, *_, **__):
                pass

            showsyntaxerror = showtraceback

            def enable_gui(self, gui=None):
                """``%matplotlib inline`` asks for no event loop, and a step has no windows."""

            def init_display_formatter(self):
                super().init_display_formatter()
                # All formats, as in a kernel: a terminal has text only.
                self.display_formatter.active_types = self.display_formatter.format_types

        Shell.display_pub_class = Publisher
        Shell.displayhook_class = Hook
        main = sys.modules["__main__"]
        names = set(namespace)
        self._shell = Shell.instance(user_module=main, user_ns=namespace, colors="NoColor")
        # `!command` through pipes, so that its output is the cell's.
        self._shell.system = self._shell.system_piped
        # As the inline back end does; `%matplotlib inline` puts its own in this place.
        self._shell.display_formatter.formatters["image/png"].for_type_by_name(
            "matplotlib.figure", "Figure", picture
        )
        self._added = set(namespace) - names
        self._plain = plain

    def run(self, cell, source):
        """Runs a cell. Raises what the cell raises."""
        self._shell.compile.flags |= self._plain.future
        result = self._shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise error

    def define(self, cell, line, source):
        """Runs a definition or a setting again; what it asks of IPython (``get_ipython``) is there, as in a cell."""
        with self._shell.builtin_trap:
            self._plain.define(cell, line, source)

    def magic(self, source):
        """Repeats a configuration magic of an earlier cell."""
        self._shell.run_cell(source, store_history=False, silent=True)

    def close(self):
        """Nothing stays open."""


def _plain(data):
    import base64

    return {
        mime: base64.b64encode(each).decode() if isinstance(each, bytes) else each
        for mime, each in data.items()
    }
