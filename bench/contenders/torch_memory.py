"""The memory of one layer normalisation of torch on the CPU, in units of its input.

    python torch_memory.py BATCH TOKENS WIDTH

Prints a line of JSON: the most bytes of tensors at a time beyond those that were there before, forward,
and in a step under the loss of squares, by torch's own record of what it allocates.
"""

import json
import pathlib
import sys
import tempfile

import torch
from torch.profiler import ProfilerActivity, profile

shape = [int(size) for size in sys.argv[1:]]
x = torch.randn(shape, requires_grad=True)
gamma = torch.ones(shape[-1], requires_grad=True)
beta = torch.zeros(shape[-1], requires_grad=True)


def forward():
    with torch.no_grad():
        return torch.nn.functional.layer_norm(x, shape[-1:], gamma, beta)


def training():
    y = torch.nn.functional.layer_norm(x, shape[-1:], gamma, beta)
    return torch.autograd.grad(y.square().sum(), (x, gamma, beta))


def peak(work):
    work()  # what is allocated once for all is not of the layer
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        kept = work()
    del kept
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "trace.json")
        recorded.export_chrome_trace(str(file))
        events = json.loads(file.read_text())["traceEvents"]
    memory = [event["args"] for event in events if event.get("name") == "[memory]"]
    memory.sort(key=lambda args: args["Ev Idx"])  # in the order of time
    before = memory[0]["Total Allocated"] - memory[0]["Bytes"]
    return (max(args["Total Allocated"] for args in memory) - before) / (4 * x.numel())


print(json.dumps({"version": torch.__version__, "forward": peak(forward), "training": peak(training)}))
