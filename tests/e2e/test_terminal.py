"""`windlass run` as a person sees it: on a terminal, through pexpect."""

import os
import re
import signal
import unittest

import pexpect

from support import WINDLASS, EndToEndTest, alive

FLOW = """
    windlass: 1
    name: seen
    tasks:
      a-task-with-quite-a-long-name-that-would-be-too-wide-for-a-narrow-terminal:
        {type: shell, params: {command: "sleep 0.4"}}
      each: {type: shell, map: {items: [1, 2, 3, 4, 5, 6], max_parallel: 2},
             params: {command: "sleep 0.1"}}
      broken:
        type: shell
        allow_failure: true
        params: {command: "sleep 0.1; echo 'this went wrong: äöü ................................................................................' >&2; exit 3"}
      skipped: {type: noop, when: "false"}
      last: {type: noop, depends_on: [each, broken]}
    """

HELD = """
    windlass: 1
    name: held
    tasks:
      held:
        type: shell
        cancellation: {grace_period: %s}
        params: {command: "%s sleep 300 & echo $! > pid.new; mv pid.new pid; wait; sleep 300"}
    """

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]+m")


def plain(text):
    return ESCAPE.sub("", text)


class TerminalTest(EndToEndTest):
    def spawn(self, *arguments, width=80, height=24, env=None):
        environment = self.environment({"TERM": "xterm-256color", **(env or {})})
        environment.pop("NO_COLOR", None) if "NO_COLOR" not in (env or {}) else None
        child = pexpect.spawn(WINDLASS, list(arguments), cwd=str(self.folder), timeout=60,
                              encoding="utf-8", dimensions=(height, width), env=environment)
        self.addCleanup(child.close, True)
        return child

    def finish(self, child):
        child.expect(pexpect.EOF)
        text = child.before
        child.close()
        return text

    def see(self, **kwargs):
        self.write("flow.yaml", FLOW)
        child = self.spawn("run", "flow.yaml", **kwargs)
        text = self.finish(child)
        self.assertEqual(child.exitstatus, 0, text)
        return text

    def assert_narrow(self, text, width):
        for line in plain(text).replace("\r", "").split("\n"):
            self.assertLessEqual(len(line), width, line)

    def test_the_view_shows_names_states_bars_errors_and_durations(self):
        text = self.see()
        shown = plain(text)
        for words in ("seen", "each", "broken", "skipped", "last", "succeeded", "6/6", "█",
                      "ExitCode", "this went wrong", "✔", "✘", "−"):
            self.assertIn(words, shown)
        self.assertRegex(shown, r"[1-5]/6")  # The bar moved.
        self.assertRegex(shown, r"\d+ ms|\d\.\d s")
        self.assertRegex(text, r"\x1b\[\d+F")  # Frames are drawn over one another.
        self.assertRegex(text, COLOUR)

    def test_no_line_is_wider_than_the_terminal(self):
        for width in (40, 80, 200):
            with self.subTest(width):
                text = self.see(width=width)
                # The summary, which stays, may be of any length.
                frames = text[:text.rindex("\x1b[0J")]
                self.assert_narrow(frames, width)

    def test_no_frame_is_higher_than_the_terminal(self):
        text = self.see(height=6)
        for lines in re.findall(r"\x1b\[(\d+)F", text):
            self.assertLess(int(lines), 6)
        self.assertIn("more", plain(text))

    def test_the_cursor_is_hidden_and_comes_back(self):
        text = self.see()
        self.assertIn("\x1b[?25l", text)
        self.assertGreater(text.rindex("\x1b[?25h"), text.rindex("\x1b[?25l"))

    def test_without_colour_there_is_none(self):
        text = self.see(env={"NO_COLOR": "1"})
        self.assertNotRegex(text, COLOUR)
        self.assertIn("✔", text)

    def test_without_a_terminal_there_are_plain_lines(self):
        self.write("flow.yaml", FLOW)
        finished = self.windlass("run", "flow.yaml", code=0)
        both = finished.stdout + finished.stderr
        self.assertNotIn("\x1b", both)
        self.assertNotIn("\r", both)
        for task in ("each", "broken", "skipped", "last"):
            lines = [line for line in finished.stderr.splitlines()
                     if re.match(rf" \S {task} ", line)]
            self.assertEqual(len(lines), 1, finished.stderr)
        self.assertIn("ExitCode", finished.stderr)
        self.assertRegex(finished.stdout, r"^\S+ seen succeeded in .*\n$")

    def test_hostile_text_cannot_move_the_cursor(self):
        self.write("flow.yaml", """
            windlass: 1
            name: hostile
            tasks:
              bad: {type: shell, params: {command: "printf '\\\\033[2J\\\\033[31mpwned\\\\r\\\\n' >&2; exit 1"}}
            """)
        child = self.spawn("run", "flow.yaml")
        text = self.finish(child)
        self.assertIn("pwned", text)
        self.assertNotIn("\x1b[2J", text)

    # --- Ctrl-C

    def child_pid(self):
        return int(self.wait_for_file("pid").read_text())

    def test_an_interrupt_cancels_the_run_and_its_processes(self):
        self.write("flow.yaml", HELD % ("10s", ""))
        child = self.spawn("run", "flow.yaml")
        pid = self.child_pid()
        child.sendintr()
        text = self.finish(child)
        self.assertEqual(child.exitstatus, 130, text)
        self.wait_until(lambda: not alive(pid), "the task's process is gone")
        self.assertIn("cancelling", text)
        self.assertGreater(text.rindex("\x1b[?25h"), text.rindex("\x1b[?25l"))
        run = self.show("last")
        self.assertEqual((run["state"], self.task(run, "held")["state"]),
                         ("cancelled", "cancelled"))

    def test_a_second_interrupt_leaves_at_once(self):
        # The task hears nothing and has a minute to end.
        self.write("flow.yaml", (HELD % ("60s", "trap '' TERM INT;")).replace(
            "cancellation: {", "cancellation: {type: wait_cancellation_completed, "))
        child = self.spawn("run", "flow.yaml")
        pid = self.child_pid()
        child.sendintr()
        child.expect("press Ctrl-C again")
        child.sendintr()
        child.expect(pexpect.EOF, timeout=20)
        child.close()
        self.assertEqual(child.exitstatus, 130)
        self.wait_until(lambda: not alive(pid), "no process stays behind")

    def test_sigterm_leaves_the_run_to_others(self):
        self.write("flow.yaml", HELD % ("200ms", ""))
        process = self.start("run", "flow.yaml")
        pid = self.child_pid()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.wait_for_exit(process), 130)
        self.wait_until(lambda: not alive(pid), "its process is gone")
        self.assertEqual(self.show("last")["state"], "running")
        os.remove(self.folder / "pid")
        executor = self.executor()
        self.child_pid()
        self.windlass("cancel", "last", code=0)
        executor.terminate()
        self.assertEqual(self.wait_for_exit(executor), 0)

    def test_a_lost_terminal_ends_it(self):
        self.write("flow.yaml", HELD % ("200ms", ""))
        child = self.spawn("run", "flow.yaml")
        pid = self.child_pid()
        child.close(force=False)  # Hangs up.
        self.wait_until(lambda: not alive(child.pid), "it ended", 20)
        self.wait_until(lambda: not alive(pid), "its process is gone", 20)


if __name__ == "__main__":
    unittest.main()
