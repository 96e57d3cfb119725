"""The disk space of an environment's packages, those of pip itself left out."""

import subprocess
import sys
from pathlib import Path

import protocol

PLACES = "import json, sysconfig; print(json.dumps(sysconfig.get_paths()['purelib']))"
OF_THE_ENVIRONMENT = ("pip", "setuptools", "_distutils_hack", "wheel")


def prepare(settings):
    del settings
    folder = Path(sys.prefix)
    lines = subprocess.run([sys.executable, "-c", PLACES], capture_output=True, check=True).stdout
    packages = Path(protocol.json.loads(lines))

    def size_of(path):
        files = [path] if path.is_file() else path.rglob("*")
        return sum(f.stat().st_size for f in files if f.is_file() and not f.is_symlink())

    def take_turn():
        kept = [path for path in packages.iterdir() if not path.name.startswith(OF_THE_ENVIRONMENT)]
        sizes = {path.name: size_of(path) for path in kept}
        largest = sorted(sizes, key=sizes.get, reverse=True)[:5]
        return {
            "size_mb": sum(sizes.values()) / 1e6,
            "num_packages": sum(path.name.endswith(".dist-info") for path in kept),
            "largest_mb": {name: round(sizes[name] / 1e6, 1) for name in largest},
            "is_environment": folder != Path(sys.base_prefix),
        }

    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
