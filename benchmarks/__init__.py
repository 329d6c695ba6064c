"""How fast the parts are on this machine (``make bench``)."""

import resource
import subprocess
import time


def cost_of(command: list[str], **options) -> dict[str, float]:
    """Wall and processor seconds of a command and its workers, and the largest one's memory;
    ``options`` are those of `subprocess.run`."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, **options)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": wall, "cpu_s": cpu, "peak_memory_mb": after.ru_maxrss / 1024}
