"""Windlass as a library: installed, found by CMake, linked, used."""

import os
import shlex
import shutil
import subprocess
import unittest

from support import ROOT, WINDLASS, EndToEndTest

BUILD = os.path.dirname(os.path.realpath(WINDLASS))
HEADERS = sorted((ROOT / "include/windlass").glob("*.h"))


class EmbeddingTest(EndToEndTest):
    def call(self, *command, cwd=None):
        done = subprocess.run([str(word) for word in command], cwd=cwd or self.folder,
                              capture_output=True, text=True, timeout=280,
                              env=self.environment())
        self.assertEqual(done.returncode, 0, f"{shlex.join(map(str, command))}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def install(self):
        prefix = self.folder / "prefix"
        self.call("cmake", "--install", BUILD, "--prefix", prefix)
        return prefix

    def configure(self, source, prefix, *more):
        self.call("cmake", "-S", source, "-B", self.folder / "build", "-G", "Ninja",
                  "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_PREFIX_PATH={prefix}", *more)
        self.call("cmake", "--build", self.folder / "build")

    def test_a_program_of_ones_own_links_an_installed_windlass(self):
        prefix = self.install()
        self.assertIn("windlass", self.call(prefix / "bin/windlass", "version"))
        # As it stands in the repository, but outside of it.
        shutil.copytree(ROOT / "examples/custom_handler", self.folder / "greet")
        self.configure(self.folder / "greet", prefix)
        said = self.call(self.folder / "build/greet", self.folder / "greet/greet.yaml")
        self.assertEqual(said, "HELLO, ADA!\n")
        # The same store, seen by the binary.
        run = self.show("last")
        self.assertEqual((run["workflow"], run["state"]), ("greet", "succeeded"))

    def test_an_installed_header_needs_nothing_but_its_own_includes(self):
        prefix = self.install()
        (self.folder / "headers").mkdir()
        (self.folder / "headers/CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(headers LANGUAGES CXX)\n"
            "set(CMAKE_CXX_STANDARD 20)\nfind_package(windlass REQUIRED)\n"
            "add_library(headers OBJECT " + " ".join(f"{h.stem}.cc" for h in HEADERS) + ")\n"
            "target_compile_options(headers PRIVATE -Wall -Wextra -Werror -O0)\n"
            "target_link_libraries(headers PRIVATE windlass::windlass)\n")
        for header in HEADERS:
            # Twice: a header must guard itself.
            include = f'#include "windlass/{header.name}"\n'
            (self.folder / f"headers/{header.stem}.cc").write_text(include * 2)
        self.configure(self.folder / "headers", prefix)
        installed = sorted(path.name for path in (prefix / "include/windlass").glob("*.h"))
        self.assertEqual(installed, [header.name for header in HEADERS])


if __name__ == "__main__":
    unittest.main()
