"""Layer normalisation by torch on the CPU, for torch.mjs: a line of JSON in, a line out."""

import json
import sys
import time

import torch


def load(file, shape):
    with open(file, "rb") as opened:
        return torch.frombuffer(bytearray(opened.read()), dtype=torch.float32).reshape(shape)


def prepare(request):
    """The work as a function that returns its outputs."""
    shape = request["shape"]
    cols = shape[-1:]
    x, dy = (load(request["files"][name], shape) for name in ("x", "dy"))
    gamma, beta = (load(request["files"][name], cols) for name in ("gamma", "beta"))

    def forward():
        return torch.nn.functional.layer_norm(x, cols, gamma, beta, request["epsilon"])

    def add_then_forward():
        total = x + dy  # which is a residual here
        return torch.nn.functional.layer_norm(total, cols, gamma, beta, request["epsilon"]), total

    def backward():
        return torch.autograd.grad(forward(), (x, gamma, beta), dy)

    if request["kind"] == "backward":
        for tensor in (x, gamma, beta):
            tensor.requires_grad_()
        return backward
    return add_then_forward if request["kind"] == "sum" else lambda: (forward(),)


def answer(request, state):
    match request["do"]:
        case "start":
            torch.set_num_threads(request["threads"])
            return {"version": torch.__version__}
        case "prepare":
            state["work"], state["output"] = prepare(request), request["output"]
            return {}
        case "time":
            start = time.perf_counter()
            for _ in range(request["calls"]):
                state["work"]()
            return {"ms": 1000 * (time.perf_counter() - start) / request["calls"]}
        case "outputs":
            outputs = state["work"]()
            for i, output in enumerate(outputs):
                output.detach().contiguous().numpy().tofile(f"{state['output']}{i}")
            return {"count": len(outputs)}
        case "dispose":
            state.clear()
            return {}


def main():
    state = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), state)
        except Exception as error:  # told to the benchmark, which lists it
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
