"""Ask, tell and step for ever, saying each acknowledged label on standard output; meant to be killed."""

from __future__ import annotations

import sys

from querist.study import Study


def main() -> None:
    with Study.open(sys.argv[1]) as study:
        print("ready", flush=True)
        told = 0
        while True:
            for query in study.ask(2, "worker"):
                label = "low" if query.data["features"][0] < 0 else "high"
                position = study.tell(query.id, label, "worker", lease=query.lease)
                print(query.id, label, position, flush=True)
                told += 1
                if told % 5 == 0:
                    study.step()
            study.step()


if __name__ == "__main__":
    main()
