"""The folder of the Alembic revisions, which are installed beside the package."""

from importlib import metadata
from pathlib import Path

import tiktok_api

_DISTRIBUTION = "tiktok-api"
_OURS = Path("versions", "20261123_foundations.py")
"""The first revision: a folder that has it is this product's, wherever it was copied to."""


def migrations_folder() -> Path:
    """The folder of the Alembic revisions. Raises FileNotFoundError."""
    root = Path(tiktok_api.__file__).resolve().parents[1]
    if (root / "migrations" / _OURS).is_file():
        return root / "migrations"
    # Only files beside this very package: a working directory may hold those of another copy.
    for distribution in metadata.distributions(name=_DISTRIBUTION, path=[str(root)]):
        for file in distribution.files or []:
            if file.parts[-3:] == ("tiktok-api", "migrations", "alembic.ini"):
                return Path(str(file.locate())).resolve().parent
    raise FileNotFoundError(f"the migrations of {_DISTRIBUTION} are not installed; install it again with pip")
