"""What a small server of the usual kind does for a request: open SQLite, store one row durably, close.

Prints how often a second. Argument: the file to use, which is gone afterwards.
"""

import os
import sqlite3
import sys
import time

LASTS = 2.0

path = sys.argv[1]
begin = sqlite3.connect(path)
begin.execute("create table entries (bucket blob, slot integer, entry blob)")
begin.commit()
begin.close()
start, done = time.monotonic(), 0
while time.monotonic() - start < LASTS:
    store = sqlite3.connect(path)
    row = (b"bucket", done % 64, os.urandom(256))
    store.execute("insert into entries values (?, ?, ?)", row)
    store.commit()
    store.close()
    done += 1
print(round(done / (time.monotonic() - start)))
os.remove(path)
