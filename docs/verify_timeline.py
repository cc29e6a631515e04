"""Verify an exported timeline without Huiying: python3 verify_timeline.py timeline-YQ-2026-0001.jsonl"""

import hashlib
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    head, *rows = (json.loads(line) for line in file if line.strip())
wrong, at, before, last = [], {}, head["genesis"], head["entries"]
for place, row in enumerate(rows, 1):
    if row["sequence"] in at or not 1 <= row["sequence"] <= last:
        wrong.append(f"line {place + 1}: entry {row['sequence']} is one too many")
    elif row["sequence"] < max(at, default=0):
        wrong.append(f"line {place + 1}: entry {row['sequence']} is out of order")
    at.setdefault(row["sequence"], row)
for number in range(1, last + 1):
    row = at.get(number, {"hash": None})
    if number not in at:
        wrong.append(f"entry {number} is missing")
    elif hashlib.sha256((row["previous"] + row["body"]).encode()).hexdigest() != row["hash"]:
        wrong.append(f"entry {number} was altered")
    elif [json.loads(row["body"])[name] for name in ("case_id", "sequence")] != [head["case_id"], number]:
        wrong.append(f"entry {number} belongs elsewhere")
    elif before not in (None, row["previous"]):
        wrong.append(f"entry {max(number - 1, 1)} was altered and sealed anew")
    before = row["hash"]
if before not in (None, head["head"]):
    wrong.append(f"entry {last} was altered and sealed anew")
sys.exit("\n".join(wrong) if wrong else print(f"intact: {last} entries, head {head['head']}"))
