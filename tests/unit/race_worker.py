"""Ask and tell until nothing is left, saying every item handed out on standard output."""

from __future__ import annotations

import sys

from querist.study import Study


def main() -> None:
    path, who = sys.argv[1:]
    with Study.open(path) as study:
        print("ready", flush=True)
        sys.stdin.readline()
        while queries := study.ask(4, who):
            for query in queries:
                study.tell(query.id, "low" if query.data["features"][0] < 0 else "high", who, lease=query.lease)
                print(query.id)


if __name__ == "__main__":
    main()
