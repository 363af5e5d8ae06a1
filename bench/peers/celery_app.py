"""The Celery application that bench/broker.py measures.

CELERY_BENCH is JSON: broker, results (a database's URL, or none), and settings of
Celery's own. Each task leaves one byte in the file `done`, and with `sent` the time
it took to start: what a person with a stopwatch could see.
"""

import json
import os
import time

from celery import Celery

CHOSEN = json.loads(os.environ["CELERY_BENCH"])

app = Celery("bench", broker=CHOSEN["broker"], backend=CHOSEN.get("results"))
app.conf.update(task_ignore_result=CHOSEN.get("results") is None,
                worker_hijack_root_logger=False, **CHOSEN.get("settings", {}))

_done = None


@app.task
def noop(sent=None):
    global _done
    now = time.time()
    if _done is None:
        _done = os.open(CHOSEN["done"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(_done, b"." if sent is None else b"%.6f\n" % (now - sent))
