"""Open damaged and hostile model files in the sandbox, and count what came of them.

`.venv/bin/python benchmarks/fuzz.py --files 2000` takes some ten minutes on two busy cores; the tests open the first
hundred of the same files. It stops at the first file that runs, leaves something behind, or gives more than a
line.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from report import fuzzing

SLOW_S = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", type=Path, help="write a line on each file there")
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.files)
    with tempfile.TemporaryDirectory() as folder:
        maker = fuzzing.Maker(Path(folder), options.seed)
        found = list(tqdm(fuzzing.run(maker, numbers), total=options.files))
    if options.lines:
        rows = [f"{o.number}\t{o.file}\t{o.outcome}\t{o.seconds:.2f}\t{o.line}\n" for o in found]
        options.lines.write_text("".join(rows))
    for outcome, count in Counter(each.outcome for each in found).most_common():
        print(f"{count:6} {outcome}")
    kinds = Counter((Path(each.file).suffix or "SavedModel", each.outcome) for each in found)
    for (kind, outcome), count in sorted(kinds.items()):
        print(f"{count:6} {kind:<12} {outcome}")
    for each in found:
        if each.seconds > SLOW_S:
            print(f"{each.seconds:5.1f} s  {each.number} {each.file}: {each.line}")


if __name__ == "__main__":
    main()
