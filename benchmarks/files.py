"""What many files cost: a thousand small ones against one of the same rows, and gigabytes in parts.

`small` loads a million e-mail events from 1,000 files, `large` the same rows from one. `parts`
loads 5 GB of leads (58 columns, as in load.py) from 32 files, `part` one of these; their rates
should be alike, and the memory of `parts` below 2 GB. Each run has a process and a workspace of its
own, the cases take turns, and the clock starts when the libraries are loaded and the loader's own
tables are there (which costs a new workspace about a second, once).

Run it by `python benchmarks/files.py`; it needs 12 GB of disk. `--small` leaves the gigabytes out.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from load import write_csv

FILES, ROWS = 1_000, 1_000
PARTS, REPEATS = 32, 5
HEADER = "event_id,campaign_id,campaign_name,email,event,is_machine,occurred_at\n"
MAPPING = """\
company: Benchmark
demo: true
files:
  - match: "leads/*.csv"
    contract: generic.leads
    columns:
      lead_id: Id
      account_id: ConvertedAccountId
      sales_rep_id: OwnerId
      email_key: Email
      email_domain: Email
      company: Company
      channel_source: LeadSource
      country: Country
      created_at: CreatedDate
"""


def main() -> None:
    """Write the files, run the cases by turns, and print what they took."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cases = {"small": write_events(root / "small", FILES)}
        cases["large"] = write_events(root / "large", 1)
        if "--small" not in sys.argv:
            cases["part"] = write_leads(root / "part", 1)
            cases["parts"] = write_leads(root / "parts", PARTS)
        runs: dict[str, list[dict[str, float]]] = {case: [] for case in cases}
        for turn in range(REPEATS):
            for case in cases:
                if case == "parts" and turn:
                    continue  # minutes, and a rate that repeats itself 32 times
                command = [sys.executable, __file__, case, folder]
                runs[case].append(json.loads(subprocess.check_output(command)))

    for case, results in runs.items():
        assert all(result["rows"] == cases[case][0] for result in results)
        rate = [cases[case][1] / result["wall"] / 1e6 for result in results]
        memory = max(result["memory"] for result in results)
        print(
            f"{case:6} {spread([r['wall'] for r in results])} s, "
            f"CPU {spread([r['cpu'] for r in results])} s, {spread(rate)} MB/s, {memory:,.0f} MB"
        )
    pairs = zip(runs["small"], runs["large"], strict=True)
    print(f"small / large: {spread([small['wall'] / large['wall'] for small, large in pairs])}")


def spread(values: list[float]) -> str:
    """Median, minimum and maximum."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def write_events(root: Path, files: int) -> tuple[int, int]:
    """A million e-mail events in so many files; their number and size."""
    chance, exports = random.Random(1), root / "exports" / "generic"
    exports.mkdir(parents=True)
    (root / "workspace.yml").write_text("company: Benchmark\ndemo: true\n")
    each = FILES * ROWS // files
    for place in range(files):
        with (exports / f"email_events-{place:04d}_2026-10-01.csv").open("w") as file:
            file.write(HEADER)
            for n in range(place * each, (place + 1) * each):
                a, b = chance.randrange(100_000), chance.randrange(1, 28)
                event = ("sent", "open", "click")[n % 3]
                file.write(
                    f"e{n},c{a % 100},Campaign {a % 100},p{n}@example.org,{event},false,"
                    f"2026-0{n % 8 + 1}-{b:02d} 10:{n % 60:02d}:{a % 60:02d}\n"
                )
    return FILES * ROWS, sum(path.stat().st_size for path in exports.iterdir())


def write_leads(root: Path, files: int) -> tuple[int, int]:
    """Files of leads, every one with numbers of its own; their rows and size."""
    exports = root / "exports" / "leads"
    exports.mkdir(parents=True)
    (root / "workspace.yml").write_text(MAPPING)
    rows = 200_000
    for place in range(files):
        write_csv(exports / f"leads-{place:02d}_2026-10-01.csv", rows, first=place * rows)
    return files * rows, sum(path.stat().st_size for path in exports.iterdir())


def run(case: str, folder: Path) -> None:
    """Load one case into a new workspace, and print what it took."""
    from orchestration.contracts import read_contracts
    from orchestration.ingest import ingest
    from orchestration.workspace import open_workspace

    root = folder / case
    contracts = read_contracts()
    for name in ("raw", "runs", "history"):
        shutil.rmtree(root / name, ignore_errors=True)
    workspace = open_workspace(root)
    ingest(workspace, contracts, only=set())
    wall, cpu = time.perf_counter(), time.process_time()
    loaded = ingest(workspace, contracts)
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    assert all(file.status != "refused" for file in loaded.files), loaded.files[-1].message
    rows = sum(file.rows for file in loaded.files if file.source == "generic")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({"rows": rows, "memory": memory, **took}))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        run(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
