"""Reads a repository of ours with the Python reference client of TUF, which knows nothing of us.

python_client.py ROOT STATE ADDRESS NAME…: starts from the file ROOT, keeps metadata and artifacts in the
folder STATE between runs, and prints one line of JSON: `refused` with the reason, or for each NAME the
SHA-256 that was verified (`have`) or why there is none (`lack`).
"""

import hashlib
import json
import pathlib
import sys

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import Updater


def main():
    root, state, address, *names = sys.argv[1:]
    metadata = pathlib.Path(state, "metadata")
    artifacts = pathlib.Path(state, "artifacts")
    is_new = not metadata.exists()
    metadata.mkdir(parents=True, exist_ok=True)
    artifacts.mkdir(exist_ok=True)
    updater = Updater(
        str(metadata),
        f"{address}/metadata/",
        str(artifacts),
        f"{address}/targets/",
        bootstrap=pathlib.Path(root).read_bytes() if is_new else None,
    )
    try:
        updater.refresh()
    except (RepositoryError, DownloadError) as error:
        return {"refused": type(error).__name__}
    have, lack = {}, {}
    for name in names:
        try:
            info = updater.get_targetinfo(name)
            if info is None:
                lack[name] = "not listed"
                continue
            path = updater.find_cached_target(info) or updater.download_target(info)
            have[name] = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
        except (RepositoryError, DownloadError) as error:
            lack[name] = type(error).__name__
    return {"have": have, "lack": lack}


print(json.dumps(main()))
