"""`windlass doctor` on PostgreSQL: poolers, slow ways, stores that cannot be opened."""

import unittest
import urllib.parse

from fault_proxy import FaultProxy
from pgbouncer import PgBouncer
from postgres import REPLICATED, Postgres, Standby
from support import EndToEndTest


class PostgresDoctorTest(EndToEndTest):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres(REPLICATED).start()
        cls.addClassCleanup(cls.postgres.close)

    def setUp(self):
        super().setUp()
        self.direct = self.store = self.postgres.create_database()
        self.addCleanup(self.postgres.drop_database, self.direct)

    def findings(self, code=0):
        """By check; of two with one name the last."""
        document = self.windlass("doctor", "--output", "json", code=code).json()
        self.assertIs(document["healthy"], code == 0)
        for finding in document["findings"]:
            self.assertEqual(finding["level"] == "ok", finding["advice"] == "", finding)
        return {finding["check"]: finding for finding in document["findings"]}

    def behind(self, settings):
        bouncer = self.enterContext(PgBouncer(self.postgres, settings))
        return bouncer.url_of(self.direct.rsplit("/", 1)[1])

    # --- poolers

    def test_without_a_pooler_wake_ups_are_heard(self):
        found = self.findings()
        self.assertEqual(found["pooler"]["detail"], "none")
        self.assertEqual(found["wake-ups"]["level"], "ok")

    def test_a_pooler_of_transactions_needs_another_way_to_listen(self):
        self.store = self.behind({"pool_mode": "transaction"})
        found = self.findings()
        self.assertEqual(found["pooler"]["detail"], "one that pools transactions")
        self.assertEqual(found["wake-ups"]["level"], "warning")
        self.assertIn("windlass_listen_url=", found["wake-ups"]["advice"])
        self.assertEqual(found["permissions"]["level"], "ok")
        self.store += "?windlass_listen_url=" + urllib.parse.quote(self.direct, safe="")
        self.assertEqual(self.findings()["wake-ups"]["level"], "ok")

    def test_a_pooler_of_sessions_is_told_apart(self):
        self.store = self.behind({"pool_mode": "session"})
        found = self.findings()
        self.assertIn("pool sessions", found["pooler"]["detail"])
        self.assertEqual(found["wake-ups"]["level"], "warning")

    # --- the way

    def test_a_slow_way_is_a_warning(self):
        proxy = self.enterContext(FaultProxy(self.postgres.port))
        proxy.delay(0.05)
        self.store = f"postgres://postgres@127.0.0.1:{proxy.port}/{self.direct.rsplit('/', 1)[1]}"
        self.assertEqual(self.findings()["latency"]["level"], "warning")

    def test_a_server_that_is_down_is_a_problem(self):
        self.store = "postgres://postgres@127.0.0.1:1/none"
        found = self.findings(code=3)
        self.assertEqual(found["store"]["level"], "problem")
        self.assertIn("role and password", found["connection"]["advice"])

    # --- servers that will not do

    def test_a_hot_standby_takes_no_writes_and_is_looked_at_all_the_same(self):
        self.windlass("list", code=0)
        standby = self.enterContext(Standby(self.postgres))
        self.store = standby.url_of(self.direct.rsplit("/", 1)[1])
        found = self.findings(code=3)
        self.assertEqual(found["server"]["level"], "problem")
        self.assertIn("a standby, which takes no writes", found["server"]["detail"])
        self.assertIn("name the primary", found["server"]["advice"])
        for check in ("store", "schema", "permissions", "vacuum", "size", "time zones"):
            self.assertEqual(found[check]["level"], "ok", found[check])

    def test_a_server_that_is_too_old_is_a_problem(self):
        proxy = self.enterContext(FaultProxy(self.postgres.port))
        major = self.postgres.query("show server_version_num")[0][0][:2]
        proxy.lie(f"server_version\0{major}".encode(), b"server_version\x0012")
        self.store = f"postgres://postgres@127.0.0.1:{proxy.port}/{self.direct.rsplit('/', 1)[1]}"
        found = self.findings(code=3)
        self.assertEqual(found["store"]["level"], "problem")
        self.assertRegex(found["server"]["detail"], r"has version 12\.\d.*needs 13 or newer")
        self.assertIn("upgrade", found["server"]["advice"])

    # --- stores that cannot be opened

    def test_a_role_without_rights_is_told_what_it_lacks(self):
        self.windlass("list", code=0)
        self.postgres.query("create role stranger login", self.direct)
        self.addCleanup(self.postgres.query, "drop role stranger")
        self.store = self.direct.replace("postgres@", "stranger@")
        found = self.findings(code=3)
        self.assertEqual(found["store"]["level"], "problem")
        self.assertIn("GRANT USAGE ON SCHEMA windlass TO stranger", found["permissions"]["advice"])
        self.assertEqual(found["results"]["level"], "ok", "the rest is looked at too")

    def test_a_schema_of_a_newer_windlass_is_a_problem(self):
        self.windlass("list", code=0)
        self.postgres.query("insert into windlass.migration values (999, 'x', now())", self.direct)
        found = self.findings(code=3)
        self.assertIn("newer Windlass", found["schema"]["advice"])

    def test_the_disk_that_counts_is_the_servers(self):
        found = self.findings()
        self.assertNotIn("disk of the store", found)
        self.assertRegex(found["size"]["detail"], r"; the whole database \d+ \w+$")

    def test_people_read_a_table(self):
        shown = self.windlass("doctor", code=0).stdout
        self.assertRegex(shown, r"ok +server +PostgreSQL \d+")
        self.assertNotIn("postgres://", shown)


if __name__ == "__main__":
    unittest.main()
