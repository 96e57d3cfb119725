"""Small copies of IMDB, as archives and as folders, for tests."""

import io
import tarfile
from pathlib import Path

SMALL_COUNTS = {"train": (2, 2, 0), "test": (2, 2, 0), "unsupervised": (0, 0, 3)}


def small_copy() -> dict[str, bytes]:
    """The files of a copy of IMDB with 11 reviews, by name."""
    files = {"aclImdb/README": b"Large Movie Review Dataset", "aclImdb/imdb.vocab": b"the\nand\n"}
    for split in ("train", "test"):
        for label, stars in (("neg", 3), ("pos", 9)):
            for number in (10, 2):  # out of order, and 10 before 2 by letter
                text = f"{split} {label} {number}, caf\u00e9<br />"
                files[f"aclImdb/{split}/{label}/{number}_{stars}.txt"] = text.encode()
            lines = [
                f"http://www.imdb.com/title/tt{number:07}/usercomments" for number in range(11)
            ]
            files[f"aclImdb/{split}/urls_{label}.txt"] = "\n".join(lines).encode()
    for number in range(3):
        files[f"aclImdb/train/unsup/{number}_0.txt"] = f"unlabelled {number}".encode()
    files["aclImdb/train/urls_unsup.txt"] = (
        b"http://www.imdb.com/title/tt0000042/usercomments\n" * 3
    )
    return files


def write_tar(path: Path, files: dict[str, bytes], *special: tarfile.TarInfo) -> Path:
    mode = {".gz": "w:gz", ".xz": "w:xz"}.get(path.suffix, "w:")
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in special:
            archive.addfile(member)
    return path


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path
