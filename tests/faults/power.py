"""What a loss of power leaves of an SQLite file: what had been synced, and nothing else.

strace notes every write to the database and to its log, and every sync. From that the files are
made again as they were on the disk when the current went: what was written to a file after its last
sync is not in it. The worst that can happen, as SQLite's documentation puts it.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.databases import find

# What SQLite writes with. A log that is removed was taken over before, and that may not last.
_CALLS = "pwrite64,ftruncate,fsync,fdatasync"
_WHOLE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)")
_BEGUN = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_ENDED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)")
_FILE = re.compile(r"^\d+<([^>]*)>(?:\(deleted\))?(?:, (.*))?$", re.DOTALL)
_WRITE = re.compile(r'^"((?:\\x[0-9a-f]{2})*)", \d+, (\d+)')


def tracing(log: Path) -> tuple[str, ...]:
    """What stands before a command so that its writes are noted. Raises MissingError."""
    strace = find("strace", "strace")
    return (
        *(strace, "--follow-forks", "--seccomp-bpf", "--quiet=all", "--decode-fds=path"),
        *("--strings-in-hex=all", "--string-limit=1048576", f"--trace={_CALLS}"),
        *("--output", str(log)),
    )


@dataclass
class _File:
    content: bytearray
    on_disk: bytes


@dataclass
class Disk:
    """The files of a folder, as they were before, and what is noted of them since."""

    files: dict[str, _File] = field(default_factory=dict)
    syncs: int = 0

    def remember(self, folder: Path) -> None:
        for path in folder.iterdir():
            if path.is_file():
                content = path.read_bytes()
                self.files[str(path)] = _File(bytearray(content), content)

    def replay(self, log: Path, names: tuple[str, ...]) -> None:
        """Follow a log of strace, as far as files with these names are concerned."""
        begun: dict[str, str] = {}
        with log.open("r", encoding="ascii", errors="replace") as lines:
            for line in lines:
                if found := _BEGUN.match(line):
                    begun[found[1]] = found[3]
                    continue
                if found := _ENDED.match(line):
                    call, arguments, result = found[2], begun.pop(found[1], "") + found[3], found[4]
                elif found := _WHOLE.match(line):
                    call, arguments, result = found[2], found[3], found[4]
                else:
                    continue
                if int(result) >= 0:
                    self._follow(call, arguments, int(result), names)

    def restore(self, folder: Path) -> Path:
        """Write what is on the disk into another folder; the path of the database there."""
        folder.mkdir()
        for name, file in self.files.items():
            if not name.endswith("-shm"):
                (folder / Path(name).name).write_bytes(file.on_disk)
        return folder / "blog.sqlite3"

    def _follow(self, call: str, arguments: str, result: int, names: tuple[str, ...]) -> None:
        where = _FILE.match(arguments)
        path = _text(where[1]) if where else ""
        if where is None or Path(path).name not in names:
            return
        file = self.files.setdefault(path, _File(bytearray(), b""))
        if call in ("fsync", "fdatasync"):
            file.on_disk = bytes(file.content)
            self.syncs += 1
        elif call == "ftruncate":
            size = int(where[2])
            del file.content[size:]
            file.content.extend(bytes(size - len(file.content)))
        elif written := _WRITE.match(where[2] or ""):
            data = _bytes(written[1])[:result]
            offset = int(written[2])
            if len(file.content) < offset:
                file.content.extend(bytes(offset - len(file.content)))
            file.content[offset : offset + len(data)] = data


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _text(path: str) -> str:
    # strace escapes what it decodes like what was written.
    return os.fsdecode(_bytes(path)) if "\\x" in path else path
