"""The step program: runs the cells of one step in one process, with values from and for other steps.

It depends on nothing but Python >= 3.8 and travels inside every pipeline. ``README.md`` beside this folder says how it works.
"""
