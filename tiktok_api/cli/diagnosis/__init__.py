"""Whether this machine can serve: one module for each thing that the settings name.

`diagnosis` runs the checks of the other modules side by side; `result` is what each of them yields.
"""
