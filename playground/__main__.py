"""`make playground`: vendor GraphiQL again from its npm packages.

The packages are pinned by version and by the SHA-512 that npm publishes for them. npm is asked for the
archives; nothing is installed, and nothing in them runs.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "layers" / "jobs" / "barycenter_jobs" / "web" / "graphiql"


@dataclass(frozen=True, slots=True)
class Package:
    """An npm package: its name, version and SHA-512, and which of its files is wanted as what."""

    name: str
    version: str
    sha512: str
    script: str
    style: str | None = None


PACKAGES = (
    Package(
        "react",
        "18.3.1",
        "wS+hAgJShR0KhEvPJArfuPVN1+Hz1t0Y6n5jLrGQbkb4urgPE/0Rve+1kMB1v/oWgHgm4WIcV+i7F2pTVj+2iQ==",
        "umd/react.production.min.js",
    ),
    Package(
        "react-dom",
        "18.3.1",
        "5m4nQKp+rZRb09LNH59GM4BxTh9251/ylbKIbpe7TpGxfJ+9kv6BLkLBXIjjspbgbnIBNqlI23tRnTWT0snUIw==",
        "umd/react-dom.production.min.js",
    ),
    Package(
        "graphiql",
        "3.9.0",
        "rJYFlHdBbug9+YbFSwRVvgfPjCayC7wHecZkx/qB4XLuQPFQZw/yB9pmHFtOJV6RiNBBHro3u1GdocKa3YcGRA==",
        "graphiql.min.js",
        "graphiql.min.css",
    ),
)


def main() -> int:
    """Write the files and print what they are. Exits with a message where a package is not the pinned one."""
    scripts, styles, licences = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            archive = _archive(package, Path(folder))
            scripts.append(_file(archive, package.script))
            licences.append(f"{package.name} {package.version}\n\n{_file(archive, 'LICENSE').strip()}\n")
            if package.style:
                styles.append(_without_fonts(_file(archive, package.style)))
    (FOLDER / "LICENSES.txt").write_text("\n\n".join(licences))
    for name, texts in (("graphiql.js", scripts), ("graphiql.css", styles)):
        content = "\n".join(
            re.sub(r"(?m)^//# sourceMappingURL=.*$|/\*# sourceMappingURL=.*?\*/", "", text) for text in texts
        )
        (FOLDER / f"{name}.gz").write_bytes(gzip.compress(content.encode(), 9, mtime=0))
        digest = hashlib.sha256(content.encode()).hexdigest()
        sys.stdout.write(f"{name} {len(content.encode())} bytes, SHA-256 {digest}\n")
    return 0


def _archive(package: Package, folder: Path) -> Path:
    """Return the archive that npm has of a package, once its hash is found to be the pinned one."""
    wanted = f"{package.name}@{package.version}"
    npm = subprocess.run(  # noqa: S603 - its arguments stand in this file
        ["npm", "pack", wanted, "--silent", "--ignore-scripts"],  # noqa: S607 - the maintainer's own npm
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    archive = folder / npm.stdout.split()[-1]
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.sha512:
        raise SystemExit(f"{wanted} is not what was vendored: SHA-512 {found}")
    return archive


def _file(archive: Path, name: str) -> str:
    with tarfile.open(archive) as files:
        content = files.extractfile(f"package/{name}")
        if content is None:
            raise SystemExit(f"{archive.name} has no {name}")
        return content.read().decode()


def _without_fonts(style: str) -> str:
    """Leave out the embedded fonts: nine tenths of it, where the reader's own do as well."""
    return re.sub(r"@font-face\s*\{[^}]*\}", "", style)


if __name__ == "__main__":
    sys.exit(main())
