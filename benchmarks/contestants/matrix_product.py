"""The machine's matrix-product rate: PyTorch, which calls oneDNN."""

import statistics

import protocol
import torch


def prepare(settings):
    size, dtype = settings["size"], getattr(torch, settings["precision"])
    left, right = (torch.randn(size, size).to(dtype) for _ in range(2))
    result = torch.empty(size, size, dtype=dtype)

    def take_turn():
        seconds = [
            protocol.timed(lambda: torch.mm(left, right, out=result))[1]
            for _ in range(settings["products"])
        ]
        return {"gflop_per_s": 2 * size**3 / statistics.median(seconds) / 1e9}

    take_turn()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
