"""What README.md and docs/guides tell people to type really works."""

import os
import re
import shlex
import subprocess
import unittest

from support import ROOT, WINDLASS, EndToEndTest

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NAMED = re.compile(r"^# (\S+\.(?:yaml|json|py|sh))\n")


def blocks(path):
    return BLOCK.findall(path.read_text())


class DocumentationTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        programs = self.folder / ".bin"
        programs.mkdir()
        (programs / "windlass").symlink_to(WINDLASS)
        self.path = f"{programs}:{os.environ['PATH']}"

    def type(self, line):
        """What a person at a shell gets of a line."""
        return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", line], cwd=self.folder,
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env=self.environment({"PATH": self.path}))

    def follow(self, path):
        """Writes a page's named files, runs its sh blocks line by line."""
        lines = []
        for language, text in blocks(path):
            name = NAMED.match(text)
            if name:
                (self.folder / name.group(1)).write_text(text)
            elif language == "sh":
                lines += [line for line in text.replace("\\\n", "").splitlines()
                          if line.strip() and not line.startswith("#")]
        for line in lines:
            with self.subTest(f"{path.name}: {line}"):
                done = self.type(line)
                self.assertEqual(done.returncode, 0, f"{done.stdout}\n{done.stderr}")
        return lines

    def test_the_readme_works_as_it_stands(self):
        self.assertGreaterEqual(len(self.follow(ROOT / "README.md")), 3)
        said = self.type("windlass result last count").stdout
        self.assertEqual(said, "Greeted 1 people\n")

    def test_the_guides_work_as_they_stand(self):
        for page in sorted((ROOT / "docs/guides").glob("*.md")):
            self.follow(page)

    def test_every_workflow_in_the_documentation_is_valid(self):
        pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
        seen = 0
        for page in pages:
            for language, text in blocks(page):
                if language != "yaml" or not re.search(r"(?m)^windlass: 1$", text):
                    continue
                seen += 1
                with self.subTest(f"{page.name}: {text[:60]}"):
                    self.write("flow.yaml", text)
                    checked = self.windlass("validate", "flow.yaml")
                    self.assertEqual(checked.code, 0, checked)
        self.assertGreater(seen, 3)

    def test_every_command_named_in_the_documentation_exists(self):
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]:
            for span in re.findall(r"`(windlass [^`\n]+)`", page.read_text()):
                words = shlex.split(span.replace("[", " ").replace("|", " "))
                with self.subTest(f"{page.name}: {span}"):
                    self.windlass(words[1], "--help", code=0)

    def test_generated_parts_are_fresh(self):
        done = subprocess.run([ROOT / "tools/update_docs.py", "--check"], capture_output=True,
                              text=True, env={**os.environ, "WINDLASS_BINARY": WINDLASS})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_links_lead_somewhere(self):
        pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"),
                 *ROOT.glob("bench/*.md")]
        for page in pages:
            prose = BLOCK.sub("", page.read_text())
            for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
                if "://" not in link:
                    self.assertTrue((page.parent / link).exists(), f"{page.name}: {link}")


if __name__ == "__main__":
    unittest.main()
