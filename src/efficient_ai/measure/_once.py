"""Runs in a process of its own, started by `memory` and `ways`: a program that loads a .tflite file and runs it once.

It imports only what such a program needs, and reports the memory that the process holds after each step.
"""

import importlib
import json
import sys


def held():
    """Bytes of this process that are in memory now."""
    try:
        with open("/proc/self/status") as status:
            found = dict(line.split(":", 1) for line in status)
        return int(found["VmRSS"].split()[0]) * 1024
    except (OSError, KeyError):
        import psutil

        return psutil.Process().memory_info().rss


def inherited():
    """The largest that `resource` says this process ever was; None where there is no such module."""
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(module, path):
    steps = {"python": held()}
    record = inherited()
    import numpy

    steps["numpy"] = held()
    library = importlib.import_module(module)
    steps["library"] = held()
    interpreter = library.Interpreter(model_path=path, num_threads=1)
    interpreter.allocate_tensors()
    steps["model"] = held()
    source = interpreter.get_input_details()[0]
    interpreter.set_tensor(source["index"], numpy.zeros(source["shape"], source["dtype"]))
    interpreter.invoke()
    steps["run"] = held()
    print(json.dumps({"steps": steps, "inherited": record}))


if __name__ == "__main__":
    main(*sys.argv[1:])
