#!/usr/bin/env python3
"""Runs the public workloads on the peer engines and prints one JSON line for each (engine, workload).

usage: run.py PEERS SCALE ENGINE[,ENGINE...] WORKLOAD[,WORKLOAD...] [REPEATS]
  PEERS, SCALE  the folder and scale of scripts/peers/setup
  ENGINE        millrace | millrace-submit | millrace-cluster | duckdb | polars | datafusion | sail | spark
  WORKLOAD      tpch | seed | csv_to_parquet | partitioned | groupby_high | groupby_low | join_write | sort | tiny | all
Each pair runs in a process of its own; seconds are the median of REPEATS (default 3) after one warm-up, inside the
session (its start is startup_s). peak_mb is the peak resident set, of the Java process where there is one, of all nodes
of a cluster together. Statements are those of Tests/Oracle. For sort, "ordered" says whether the files in name order
hold the total order. `tiny` is for millrace-submit only: the median of 20 runs, from exec to exit (of the static
build when MILLRACE_STATIC_PROGRAMS names its folder), of `SELECT 1` (its
seconds) and of a job over a file of ten rows (file_seconds). A pair may take MILLRACE_BENCH_SECONDS (default 600).
"""
import glob
import json
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "Tests" / "Oracle"))
import cases  # noqa: E402
import engines  # noqa: E402

WORKLOADS = ["tpch", "seed", "csv_to_parquet", "partitioned", "groupby_high", "groupby_low", "join_write", "sort",
             "tiny"]


def ordered(out):
    import pyarrow.parquet as pq
    last = None
    for file in sorted(glob.glob(f"{out}/**/*.parquet", recursive=True)):
        column = pq.read_table(file, columns=["l_extendedprice"])[0].to_pylist()
        if any(a < b for a, b in zip(column, column[1:])) or (last is not None and column and column[0] > last):
            return False
        last = column[-1] if column else last
    return True


def action(engine, case, out):
    query = cases.body(case)

    def run():
        if case.name == "seed":
            engine.open_json()
        if case.name == "csv_to_parquet":
            engine.open_csv()
        if case.output == "rows":
            engine.collect(query)
        elif case.partition_by:
            engine.write_partitioned(query, out, case.partition_by)
        elif case.order_by and hasattr(engine, "write_ordered"):
            engine.write_ordered(query, out)
        else:
            engine.write(query, out)
    return run


def timed(run, out, repeats):
    times = []
    for _ in range(repeats + 1):
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(os.path.dirname(out), exist_ok=True)
        start = time.time()
        run()
        times.append(time.time() - start)
    return statistics.median(times[1:])


def tiny(engine, folder):
    """Returns the medians of 20 runs of a job without input, and of one over a file of ten rows."""
    os.makedirs(folder, exist_ok=True)
    static = os.environ.get("MILLRACE_STATIC_PROGRAMS")
    engine.path = os.path.join(static, "etl-submit") if static else engine.path
    path = f"{folder}/tiny.csv"
    with open(path, "w") as file:
        file.write("id,name\n" + "".join(f"{i},name {i}\n" for i in range(10)))
    over_file = f"SELECT count(*), max(_c1) FROM csv.`{path}`"
    medians = []
    for query in ("SELECT 1", over_file):
        times = []
        for _ in range(22):
            start = time.time()
            engine.submit(["-e", query])
            times.append(time.time() - start)
        medians.append(round(statistics.median(times[2:]), 4))
    return medians


def peak_megabytes(engine):
    if hasattr(engine, "peak_megabytes"):
        return engine.peak_megabytes()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if hasattr(engine, "session"):
        import psutil
        for child in psutil.Process().children(recursive=True):
            if child.name() == "java":
                status = open(f"/proc/{child.pid}/status").read()
                peak = max(peak, int(status.split("VmHWM:")[1].split()[0]) // 1024)
    return peak


def one(peers, scale, name, workload, repeats):
    start = time.time()
    engine = engines.open_engine(name, f"{peers}/data/sf{scale}")
    result = {"engine": name, "workload": workload, "sf": scale, "startup_s": round(time.time() - start, 3)}
    out = f"{peers}/out/{name}-{workload}"
    if workload == "tpch":
        per_query = {}
        for number in range(1, 23):
            case = cases.BY_NAME[f"tpch-q{number}"]
            try:
                per_query[number] = round(timed(action(engine, case, out), out, repeats), 4)
            except Exception as error:
                per_query[number] = "error: " + str(error).split("\n")[0][:120]
        passed = [t for t in per_query.values() if not isinstance(t, str)]
        result.update(seconds=round(sum(passed), 3), passed=len(passed), queries=per_query)
    elif workload == "tiny":
        result["seconds"], result["file_seconds"] = tiny(engine, out)
    else:
        try:
            result["seconds"] = round(timed(action(engine, cases.BY_NAME[workload], out), out, repeats), 3)
            if workload == "sort":
                result["ordered"] = ordered(out)
        except Exception as error:
            result["error"] = str(error).split("\n")[0][:200]
    result["peak_mb"] = peak_megabytes(engine)
    shutil.rmtree(out, ignore_errors=True)
    if hasattr(engine, "close"):
        engine.close()
    print("RESULT " + json.dumps(result), flush=True)
    if name == "spark":
        engine.session.stop()
    os._exit(0)


def main():
    peers, scale, names, workloads = sys.argv[1:5]
    repeats = int(sys.argv[5]) if len(sys.argv) > 5 else 3
    if os.environ.get("PEERS_ONE"):
        one(peers, scale, names, workloads, repeats)
    seconds = float(os.environ.get("MILLRACE_BENCH_SECONDS", "600"))
    for workload in (WORKLOADS if workloads == "all" else workloads.split(",")):
        for name in names.split(","):
            if workload == "tiny" and name != "millrace-submit":
                continue
            print(json.dumps(pair(peers, scale, name, workload, repeats, seconds)), flush=True)


def pair(peers, scale, name, workload, repeats, seconds):
    """Runs one engine on one workload in a process group of its own, so that nothing of it stays."""
    process = subprocess.Popen(
        [sys.executable, __file__, peers, scale, name, workload, str(repeats)],
        env={**os.environ, "PEERS_ONE": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True)
    failed = {"engine": name, "workload": workload, "sf": scale}
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {**failed, "error": f"took more than {seconds:.0f} seconds"}
    found = [line[7:] for line in output.splitlines() if line.startswith("RESULT ")]
    if process.returncode and not found:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return json.loads(found[0]) if found else {**failed, "error": errors.strip()[-300:]}


if __name__ == "__main__":
    main()
