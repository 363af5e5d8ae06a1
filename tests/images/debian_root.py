"""A fresh Debian 12 to install into, and what a package leaves in it."""

import pathlib
import shutil
import subprocess
import tempfile


class DebianRoot:
    """A minimal root file system of its own; removed by close()."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="windlass-root-"))
        self.folder.chmod(0o755)
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=apt",
             # As Debian's images leave out; the package's manual is wanted.
             "--dpkgopt=path-exclude=/usr/share/locale/*", "bookworm", str(self.folder)],
            check=True)
        for name in ("passwd", "group"):
            shutil.copy(self.folder / f"etc/{name}", self.folder / f"etc/{name}.before")

    def run(self, *command, user=None, check=True, **environment):
        """In it, with the network of this machine."""
        # Mounted for this command alone, so that nothing is left to unmount.
        words = ["unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec "$@"',
                 str(self.folder), "chroot"]
        if user is not None:
            words.append(f"--userspec={user}")
        done = subprocess.run(
            [*words, str(self.folder), "/usr/bin/env", "-i", "LC_ALL=C.UTF-8", "HOME=/tmp",
             "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
             *(f"{key}={value}" for key, value in environment.items()), *map(str, command)],
            capture_output=True, text=True)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def find(self, word):
        """Paths with this word in them, but for what apt and dpkg remember."""
        return sorted("/" + str(path.relative_to(self.folder))
                      for path in self.folder.rglob(f"*{word}*")
                      if not str(path.relative_to(self.folder)).startswith(("proc", "sys", "var/cache/apt",
                                                                            "var/log")))

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
