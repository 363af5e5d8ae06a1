"""The HTTP API: stored workflows and parts of results."""

import concurrent.futures
import unittest

from server import NOOP, ServerCase


class WorkflowsTest(ServerCase):

    def put(self, server, definition, **headers):
        return server.ask("PUT", f"/api/v1/workflows/{definition['name']}",
                          {"definition": definition}, headers)

    def test_workflows_are_stored_in_versions(self):
        server = self.serve()
        versions = [{**NOOP, "description": f"The {i}th"} for i in range(3)]
        first = self.put(server, versions[0])
        self.assertEqual((first.status, first.json()["version"], first.headers["ETag"]), (200, 1, '"1"'))
        self.assertEqual(self.put(server, versions[0]).json()["version"], 1)
        second = self.put(server, versions[1], **{"If-Match": '"1"'})
        self.assertEqual(second.json()["version"], 2)
        late = self.put(server, versions[2], **{"If-Match": '"1"'})
        self.assertEqual((late.status, "version 2 by now" in late.json()["detail"]), (412, True), late)
        self.assertEqual(self.put(server, versions[2], **{"If-None-Match": "*"}).status, 412)
        self.assertEqual(self.put(server, versions[2], **{"If-Match": "2"}).status, 400)
        self.assertEqual(server.ask("PUT", "/api/v1/workflows/other", {"definition": NOOP}).status, 400)
        broken = {**NOOP, "tasks": {"a": {"type": "shel"}}}
        self.assertEqual(self.put(server, broken).json()["errors"][0]["field"], "tasks.a.type")
        path = "/api/v1/workflows/quick"
        self.assertEqual(server.get(path).json()["definition"], versions[1])
        self.assertEqual(server.get(f"{path}?version=1").json()["definition"], versions[0])
        self.assertEqual(server.get(f"{path}?version=3").status, 404)
        self.assertEqual(server.get(f"{path}?version=x").status, 400)
        self.assertEqual([one["version"] for one in server.get(f"{path}/versions").json()["versions"]],
                         [2, 1])
        # Submitted by name, also when it has gone on meanwhile.
        run = server.post("/api/v1/runs", {"workflow": "quick"}).json()["run_id"]
        document = server.get(f"/api/v1/runs/{run}/definition").json()
        self.assertEqual(document["definition"], versions[1])
        labels = server.get(f"/api/v1/runs/{run}").json()["labels"]
        self.assertEqual(labels, {"windlass.workflow_version": "2"})
        keyed = [server.post("/api/v1/runs", {"workflow": "quick", "version": version},
                             **{"Idempotency-Key": "k"}) for version in (1, 2)]
        self.assertEqual([answer.status for answer in keyed], [201, 200])
        self.assertEqual(keyed[0].json()["run_id"], keyed[1].json()["run_id"])
        for body in ({}, {"workflow": "quick", "definition": NOOP}, {"definition": NOOP, "version": 1},
                     {"workflow": "quick", "version": 0}):
            self.assertEqual(server.post("/api/v1/runs", body).status, 400, body)
        self.assertEqual(server.post("/api/v1/runs", {"workflow": "slow"}).status, 404)
        daily = {**NOOP, "name": "daily", "schedule": {"cron": "30 6 * * *"}}
        self.put(server, daily)
        self.assertEqual(server.ask("PUT", "/api/v1/schedules/daily", {}).json()["state"], "active")
        self.assertEqual(server.ask("PUT", "/api/v1/schedules/quick", {}).status, 400)
        self.assertEqual(server.ask("PUT", "/api/v1/schedules/slow", {}).status, 404)
        # In pages, by name.
        page = server.get("/api/v1/workflows?limit=1").json()
        self.assertEqual(([one["name"] for one in page["workflows"]], page["next_cursor"]),
                         (["daily"], "daily"))
        page = server.get("/api/v1/workflows?limit=1&cursor=daily").json()
        self.assertEqual(([one["name"] for one in page["workflows"]], page["next_cursor"]),
                         (["quick"], None))
        self.assertEqual(len(server.get("/api/v1/workflows?name=ail").json()["workflows"]), 1)
        self.assertEqual(server.ask("DELETE", path).json(), {"name": "quick", "state": "deleted"})
        self.assertEqual([server.ask("DELETE", path).status, server.get(path).status,
                          server.get(f"{path}/versions").status], [404, 404, 404])
        self.assertEqual(server.get(f"/api/v1/runs/{run}").status, 200)
        self.assertEqual(self.put(server, versions[0]).json()["version"], 3)

    def test_two_who_put_at_the_same_time_lose_nothing(self):
        servers = [self.serve(), self.serve()]

        def put(i):
            return self.put(servers[i % 2], {**NOOP, "description": f"{i}"}).json()["version"]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            versions = list(pool.map(put, range(16)))
        self.assertEqual(sorted(versions), list(range(1, 17)))
        kept = servers[0].get("/api/v1/workflows/quick/versions").json()["versions"]
        self.assertEqual(len({one["digest"] for one in kept}), 16)

    # --- parts of results

    def test_a_result_is_read_in_parts(self):
        server = self.serve()
        self.executor()
        text = "".join(f"{i:07d}\n" for i in range(40_000))  # 320,000 bytes.
        command = {"command": "seq -f %07.0f 0 39999", "result": "bytes"}
        run = self.submitted(server, {"windlass": 1, "name": "parts", "tasks": {
            "plain": {"type": "shell", "result": {"compression": "none"}, "params": command},
            "packed": {"type": "shell", "result": {"compression": "zstd"}, "params": command},
            "small": {"type": "shell", "params": {"command": "printf 0123456789", "result": "bytes"}}}})
        self.assertEqual(self.ended(server, run)["state"], "succeeded")
        for task, whole in (("plain", text), ("packed", text), ("small", "0123456789")):
            path = f"/api/v1/runs/{run}/tasks/{task}/result"
            size = len(whole)
            head = server.ask("HEAD", path)
            self.assertEqual((head.status, head.headers["Content-Length"], head.headers["Accept-Ranges"]),
                             (200, str(size), "bytes"))
            etag = head.headers["ETag"]
            for value, first, last in (("bytes=0-3", 0, 3), ("bytes=5-", 5, size - 1),
                                       ("bytes=-4", size - 4, size - 1),
                                       (f"bytes={size - 2}-{size + 9}", size - 2, size - 1)):
                part = server.get(path, Range=value)
                self.assertEqual((part.status, part.body.decode()), (206, whole[first:last + 1]), value)
                self.assertEqual(part.headers["Content-Range"], f"bytes {first}-{last}/{size}")
                self.assertEqual(part.headers["ETag"], etag)
                self.assertIn("sandbox", part.headers["Content-Security-Policy"])
            beyond = server.get(path, Range=f"bytes={size}-")
            self.assertEqual((beyond.status, beyond.headers["Content-Range"]), (416, f"bytes */{size}"))
            # A download that was cut off goes on, if the result is still the same.
            rest = server.get(path, **{"Range": "bytes=7-", "If-Range": etag})
            self.assertEqual((rest.status, rest.body.decode()), (206, whole[7:]))
            for headers in ({"Range": "bytes=7-", "If-Range": '"another"'}, {"Range": "bytes=0-1,4-5"}):
                answer = server.get(path, **headers)
                self.assertEqual((answer.status, answer.body.decode()), (200, whole), headers)


if __name__ == "__main__":
    unittest.main()
