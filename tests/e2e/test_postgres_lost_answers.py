"""Answers of PostgreSQL that are lost on the way."""

import unittest

from fault_proxy import DOWN, FaultProxy
from postgres_faults import CHAIN, PostgresFaultTest

# Whoever leases a task waits a second in the middle of the commit.
SLOW_COMMIT = """
    create function slow() returns trigger language plpgsql as
      $$ begin perform pg_sleep(1); return null; end $$;
    create constraint trigger slow after insert on lease
      deferrable initially deferred for each row execute function slow()"""


class LostAnswerTest(PostgresFaultTest):
    def setUp(self):
        super().setUp()
        self.proxy = FaultProxy(self.server.port).start()
        self.addCleanup(self.proxy.close)
        self.store = self.direct.replace(f":{self.server.port}/", f":{self.proxy.port}/")

    def test_a_claim_whose_answer_was_lost_is_not_stuck(self):
        run = self.submit(CHAIN)
        self.sql(SLOW_COMMIT)
        self.executor("--slots", "1")
        self.wait_until(lambda: self.number(
            "select count(*) from pg_stat_activity where query = 'COMMIT'"
            " and wait_event = 'PgSleep'"), "the claim's commit is under way")
        # The server commits; the executor never hears of it, and lives on.
        self.proxy.stall(DOWN)
        self.wait_until(lambda: self.number("select count(*) from lease"), "it is committed")
        self.sql("drop function slow cascade")
        self.proxy.reset()
        self.proxy.resume()
        self.wait_for_all(30)
        self.assert_all_succeeded(1)
        self.assert_each_ran_once([run])


if __name__ == "__main__":
    unittest.main()
