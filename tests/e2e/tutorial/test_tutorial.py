#!/usr/bin/env python3
"""What reads the pages is able to say no: each way in which a page can be wrong is noticed."""

import tempfile
import unittest
import os

import tutorial


def judge(text):
    with tempfile.TemporaryDirectory() as folder:
        page = os.path.join(folder, "page.md")
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
        return tutorial.check_page(page, folder, os.path.abspath(__file__))


def console(directive, *lines):
    return "\n".join([f"<!-- test: {directive} -->", "```console", *lines, "```", ""])


class Pages(unittest.TestCase):
    def refused(self, text, why):
        with self.assertRaisesRegex(tutorial.Failure, why):
            judge(text)

    def test_numbers_and_gaps_may_differ(self):
        self.assertEqual(judge(console("exit 0", "$ echo 'took  12.5 ms'", "took 3 ms")), 1)

    def test_another_exit_code_is_noticed(self):
        self.refused(console("exit 0", "$ exit 1"), "exit 1 instead of 0")

    def test_another_word_is_noticed(self):
        self.refused(console("exit 0", "$ echo linearizable", "not linearizable"), "was not printed")

    def test_another_order_is_noticed(self):
        self.refused(console("exit 0", "$ printf 'a\\nb\\n'", "b", "a"), "not in this order")

    def test_what_is_left_out_is_marked(self):
        self.refused(console("exit 0", "$ printf 'a\\nb\\nc\\n'", "a", "c"), "not shown")
        self.assertEqual(judge(console("exit 0", "$ printf 'a\\nb\\nc\\n'", "a", "...", "c")), 1)

    def test_a_missing_text_is_noticed(self):
        self.refused(console('exit 0, says "b"', "$ echo a"), "nothing about 'b'")

    def test_every_command_says_what_comes_of_it(self):
        self.refused("```console\n$ true\n```\n", "without a directive")

    def test_a_directive_that_is_none_is_refused(self):
        self.refused(console("exits 0", "$ true"), "cannot read the directive")

    def test_files_are_there_for_later_commands(self):
        text = "<!-- test: file a.txt -->\n```json\n{}\n```\n" + console("exit 0", "$ cat a.txt", "{}")
        self.assertEqual(judge(text), 1)

    def test_a_command_for_people_is_not_run(self):
        self.assertEqual(judge(console("not run, it would build", "$ false")), 0)


if __name__ == "__main__":
    unittest.main()
