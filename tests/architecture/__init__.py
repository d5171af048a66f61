"""What guards the structure of the product: contracts about imports, and rules that imports cannot say.

`contracts` holds kinds of contract for `lint-imports`; they are declared by folder in `setup.cfg`, so that a new module falls
under them. `source` reads the code for the tests. `python -m tests.architecture` prints the figures.
"""
