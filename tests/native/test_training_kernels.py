"""What lies around the products of our training kernels: packing, layout and rounding.

Every kernel that runs here is held to the same witnesses, and the portable one in bfloat16 to that
of the hardware, bit for bit.
"""

import pytest
import torch

from kernel_choice import choose_training_kernel, runnable_kernels
from reelfeel.native import kernels, lstm

# Features, units: whole blocks of 32 and not.
SIZES = [(32, 32), (10, 16), (70, 48)]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def padded(rows):
    """Rows filled up with zeros to a multiple of 32."""
    return torch.nn.functional.pad(rows, (0, 0, 0, -len(rows) % 32))


def in_tiles(tiles, dtype):
    """Tiles (..., 32 rows, 16 columns) as they lie in memory: in bfloat16 by pairs of rows."""
    if dtype == torch.bfloat16:
        tiles = tiles.unflatten(-2, (16, 2)).transpose(-1, -2)
    return tiles.to(dtype).flatten()


def pack(features, units, weights, dtype):
    packed = [torch.empty(lstm.packed_size(features, units), dtype=dtype) for _ in range(2)]
    lstm.pack_weights(
        *(part.data_ptr() for part in weights),
        (features, units, dtype == torch.bfloat16),
        *(part.data_ptr() for part in packed),
    )
    return packed


@pytest.mark.parametrize(("features", "units"), SIZES)
def test_weights_are_packed_as_the_layout_says(features, units, kernel_dtype):
    weights = [normal(rows, 4 * units, seed=rows) for rows in (features, units)]
    forward, backward = pack(features, units, weights, kernel_dtype)
    whole = torch.cat([padded(part) for part in weights])
    # Rows are (blocks, 32); columns (pairs of gates, gates of a pair, units / 16, 16).
    blocks = whole.view(-1, 32, 2, 2, units // 16, 16).permute(4, 2, 0, 3, 1, 5)
    assert torch.equal(forward, in_tiles(blocks, kernel_dtype))
    # Of the transposed weights a depth of 32 is a pair of gates of sixteen units.
    blocks = whole.view(-1, 2, 16, 2, 2, units // 16, 16).permute(0, 5, 3, 1, 4, 6, 2)
    assert torch.equal(backward, in_tiles(blocks.flatten(-3, -2), kernel_dtype))


def arrange(plain, rows, block_width, dtype):
    batch, steps, width = plain.shape
    num_blocks = -(-width // block_width)
    blocks = torch.full((steps, num_blocks, rows, block_width), torch.nan, dtype=dtype)
    arguments = lstm.Arrangement(
        is_bf16=dtype == torch.bfloat16,
        batch=batch,
        steps=steps,
        width=width,
        rows=rows,
        num_blocks=num_blocks,
        block_width=block_width,
        plain=plain.data_ptr(),
        blocks=blocks.data_ptr(),
    )
    return blocks, arguments


@pytest.mark.parametrize(
    ("width", "block_width"), [(1, 32), (31, 32), (64, 32), (33, 16), (17, 16)]
)
def test_numbers_are_arranged_in_blocks_and_back(width, block_width, kernel_dtype):
    plain = normal(5, 3, width)
    blocks, arguments = arrange(plain, 16, block_width, kernel_dtype)
    lstm.arrange(arguments, 2, into_blocks=True)
    filled = torch.nn.functional.pad(plain, (0, -width % block_width, 0, 0, 0, 11))
    expected = filled.unflatten(2, (-1, block_width)).permute(1, 2, 0, 3).to(kernel_dtype)
    assert torch.equal(blocks, expected)
    back = torch.full_like(plain, torch.nan)
    arguments.plain = back.data_ptr()
    lstm.arrange(arguments, 2, into_blocks=False)
    assert torch.equal(back, plain.to(kernel_dtype).float())


def test_bfloat16_is_rounded_to_the_nearest_of_two_the_even_one(bfloat16_training):
    tiny, largest = 1e-39, torch.finfo(torch.float32).max
    special = [0.0, -0.0, 1.0, torch.inf, -torch.inf, largest, -largest, 2.0**-126, 3.0e-38]
    # Halfway between two, on either side of an even one, and next to it.
    halfway = [1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, 1 + 3 * 2**-8 - 2**-20]
    numbers = torch.tensor([*special, *halfway, *(-number for number in halfway)])
    plain = torch.cat([numbers, normal(47), torch.tensor([torch.nan, tiny, -tiny])])[None, None]
    blocks, arguments = arrange(plain, 16, 32, torch.bfloat16)
    lstm.arrange(arguments, 1, into_blocks=True)
    received = blocks[0, :, 0].flatten()[: plain.numel()]
    # The processor takes what is too small for a whole significand as 0.
    expected = plain[0, 0].bfloat16()
    expected[-2:] = torch.tensor([0.0, -0.0])
    assert torch.equal(received[:-3].view(torch.int16), expected[:-3].view(torch.int16))
    assert torch.equal(received[-2:].view(torch.int16), expected[-2:].view(torch.int16))
    assert received[-3].isnan()


def run_gradients(inputs, d_gates, dtype):
    """Returns the gradients of weights and bias from `(steps, batch, ...)` numbers."""
    steps, batch, features_and_units = inputs.shape
    units = d_gates.shape[2] // 4
    features = features_and_units - units
    rows = -(-batch // 16) * 16
    parts = [in_rows(part, rows, 32) for part in inputs.split([features, units], dim=2)]
    blocks = torch.cat(parts, dim=1)
    left = torch.cat([blocks, torch.zeros_like(blocks[:1])]).to(dtype).contiguous()
    # Gates are (units / 16, gates, 16), in rows of 64.
    gates = d_gates.unflatten(2, (4, units // 16, 16)).transpose(2, 3).flatten(2)
    right = in_rows(gates, rows, 64).to(dtype).contiguous()
    d_weights, d_bias = torch.empty(blocks.shape[1] * 32, 4 * units), torch.empty(4 * units)
    lstm.run_gradients(
        lstm.LstmGradients(
            is_bf16=dtype == torch.bfloat16,
            batch=batch,
            steps=steps,
            rows=rows,
            features=features,
            units=units,
            inputs=left.data_ptr(),
            d_gates=right.data_ptr(),
            d_weights=d_weights.data_ptr(),
            d_bias=d_bias.data_ptr(),
        ),
        2,
    )
    return d_weights, d_bias


def in_rows(numbers, rows, width):
    """(steps, batch, columns) as (steps, blocks, rows, width), filled up with zeros."""
    missing = (0, -numbers.shape[2] % width, 0, rows - numbers.shape[1])
    filled = torch.nn.functional.pad(numbers, missing)
    return filled.unflatten(2, (-1, width)).transpose(1, 2)


@pytest.mark.parametrize("batch", [1, 16, 37])
def test_gradients_of_whole_numbers_are_their_product_bit_for_bit(batch, kernel_dtype):
    # Small whole numbers, whose sums are exact in any order.
    features, units = 40, 32
    inputs = (normal(9, batch, features + units) * 3).round()
    d_gates = (normal(9, batch, 4 * units, seed=1) * 3).round()
    d_weights, d_bias = run_gradients(inputs, d_gates, kernel_dtype)
    columns = d_gates.unflatten(2, (4, units // 16, 16)).transpose(2, 3).flatten(2)
    parts = inputs.split([features, units], dim=2)
    expected = [padded(torch.einsum("sbk,sbc->kc", part, columns)) for part in parts]
    assert torch.equal(d_weights, torch.cat(expected))
    assert torch.equal(d_bias, columns.sum((0, 1)))


def test_bfloat16_kernels_agree(monkeypatch):
    inputs, d_gates = normal(20, 40, 96 + 64), normal(20, 40, 256, seed=1)
    received = {}
    for name in runnable_kernels("bfloat16"):
        dtype = choose_training_kernel(name, monkeypatch)
        received[name] = run_gradients(inputs, d_gates, dtype)[0]
    emulated = received.pop("bfloat16-portable")
    for name, other in received.items():
        # The matrix unit sums the first numbers of pairs and the second ones apart.
        difference = (other - emulated).abs().max() / emulated.abs().max()
        assert difference <= (1e-6 if name == "bfloat16-amx" else 0)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_target_is_the_fastest_that_the_processor_has(precision, monkeypatch):
    names = {"avx2": "AVX2", "avx512": "AVX-512", "avx512bf16": "AVX512-BF16", "amx": "AMX"}
    for kernel in runnable_kernels(precision):
        choose_training_kernel(kernel, monkeypatch)
        expected = names.get(kernel.partition("-")[2], kernels.PORTABLE)
        assert kernels.find_target(precision) == expected
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    monkeypatch.delenv("REELFEEL_BFLOAT16")
    assert kernels.find_target("bfloat16") is None
    monkeypatch.setenv("REELFEEL_NATIVE", "off")
    assert kernels.find_target("float32") is None
