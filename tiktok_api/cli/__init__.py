"""The command line: `tiktok-api`, or `python -m tiktok_api` if it is not installed.

`main` lists the commands, `commands/` has one module for each group, `chores/` is what `make` runs, `stack/` runs API, worker
and simulator on one machine, and `diagnosis/` is the doctor.
"""
