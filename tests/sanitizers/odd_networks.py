"""Networks of odd shapes, and texts for them, in the kernels of inference and of training."""

from __future__ import annotations

import contextlib
import ctypes
import random
from typing import Any

import numpy as np

from reelfeel.native.inference import POOLINGS, LayerWeights, NativeTower, has_kernel

ODD_NUMBERS = (np.nan, np.inf, -np.inf, 3e38, 1e-42)


def draw_array(random: random.Random, *shape: int) -> Any:
    """Returns weights; sometimes one of them is no number, or one that few expect."""
    numbers = np.random.default_rng(random.randrange(2**32)).normal(0, 0.5, shape)
    array = numbers.astype(np.float32)
    if array.size and random.random() < 0.03:
        array.flat[random.randrange(array.size)] = random.choice(ODD_NUMBERS)
    return array


def draw_tower(random: random.Random) -> tuple[NativeTower, int]:
    """Returns a tower of any shape, and how many words it knows."""
    num_words, features = random.randrange(1, 300), random.choice((1, 16, random.randrange(1, 70)))
    embeddings, layers, inputs = draw_array(random, num_words, features), [], features
    for _ in range(random.choice((1, 1, 2, 3))):
        units = random.choice((1, 16, 32, random.randrange(1, 70), 256))
        shapes = (inputs, 4 * units), (units, 4 * units), (4 * units,)
        layers.append(LayerWeights(*(draw_array(random, *shape) for shape in shapes)))
        inputs = units
    tower = NativeTower(
        embeddings,
        layers,
        pooling=random.choice(POOLINGS),
        is_reversed=random.random() < 0.5,
        precision=random.choice([name for name in ("float32", "bfloat16") if has_kernel(name)]),
    )
    return tower, num_words


def draw_texts(random: random.Random, num_words: int) -> tuple[Any, Any]:
    """Returns the ids of some texts and where each begins."""
    count = random.choice((0, 1, 2, 15, 16, 17, random.randrange(300)))
    lengths = [1 + int(random.paretovariate(0.8)) % 90 for _ in range(count)]
    ids = [random.randrange(num_words) for _ in range(sum(lengths))]
    return np.array(ids, np.int32), np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def fuzz_tower(random: random.Random) -> None:
    """A text's answer is the same in any company, in any number of threads."""
    tower, num_words = draw_tower(random)
    ids, offsets = draw_texts(random, num_words)
    together = tower.run(ids, offsets, random.randrange(1, 9))
    assert together.shape == (len(offsets) - 1, tower.width)
    for text in random.sample(range(len(together)), min(3, len(together))):
        own = ids[offsets[text] : offsets[text + 1]]
        alone = tower.run(own, np.array([0, len(own)]), 1)
        np.testing.assert_array_equal(together[text], alone[0])


def fuzz_tower_arguments(random: random.Random) -> None:
    """Ids and offsets that lie are refused, by Python and by the kernel itself."""
    tower, num_words = draw_tower(random)
    ids, offsets = draw_texts(random, num_words)
    for array in (ids, offsets):
        if len(array) and random.random() < 0.7:
            limits = np.iinfo(array.dtype)
            odd = (-1, 0, num_words, len(ids), len(ids) + 1, limits.min, limits.max)
            array[random.randrange(len(array))] = random.choice(odd)
    with contextlib.suppress(ValueError):
        tower.run(ids, offsets, random.randrange(1, 9))
    outputs = np.empty(random.choice((0, 16, len(offsets) * 3 * 256)), np.float32)
    tower._library.reelfeel_tower_run(  # type: ignore[union-attr]
        ctypes.c_void_p(tower._handle),
        ctypes.c_void_p(ids.ctypes.data),
        ctypes.c_int64(len(ids)),
        ctypes.c_void_p(offsets.ctypes.data),
        ctypes.c_int64(random.choice((len(offsets) - 1, 0, -1))),
        ctypes.c_int(random.choice((-(2**31), 0, 1, 2, 8))),
        ctypes.c_void_p(outputs.ctypes.data),
        ctypes.c_int64(len(outputs)),
    )


def fuzz_lstm(random: random.Random) -> None:
    """The training kernel runs forward and backward over batches of any shape."""
    import torch

    from reelfeel.models.matrix_lstm import matrix_lstm

    torch.set_num_threads(random.randrange(1, 9))
    batch, steps = random.choice((1, 16, 17, random.randrange(1, 70))), random.randrange(1, 12)
    features, units = random.randrange(1, 70), 16 * random.randrange(1, 6)
    shapes = [(batch, steps, features), (batch, units), (batch, units)]
    shapes += [(features, 4 * units), (units, 4 * units), (4 * units,)]
    arrays = [torch.tensor(draw_array(random, *shape), requires_grad=True) for shape in shapes]
    lengths = torch.tensor([random.randint(1, steps) for _ in range(batch)])
    outputs, last, cell = matrix_lstm(
        arrays[0],
        (arrays[1], arrays[2]),
        tuple(arrays[3:]),
        random.choice((lengths, None)),
        dtype=random.choice((torch.float32, torch.bfloat16)),
        return_outputs=random.random() < 0.7,
    )
    loss = last.sum() + (0 if outputs is None else outputs.sum())
    (loss + cell.sum() if random.random() < 0.5 else loss).backward()


def fuzz_softmax(random: random.Random) -> None:
    """The sampled softmax runs over any number of tokens, words and negatives."""
    import torch

    from reelfeel.training.language_model.sampled_softmax import sampled_softmax

    torch.set_num_threads(random.randrange(1, 9))
    num_words, dim = random.randrange(1, 200), 32 * random.randrange(1, 4)
    num_tokens = random.choice((1, 31, 32, 33, 513, random.randrange(1, 200)))
    negatives = random.sample(range(num_words), random.randint(1, num_words))
    shapes = (num_tokens, dim), (num_words, dim), (num_words,)
    weights = [torch.tensor(draw_array(random, *shape), requires_grad=True) for shape in shapes]
    targets = torch.tensor([random.randrange(num_words) for _ in range(num_tokens)])
    inclusion = torch.tensor([random.choice((1.0, 1e-9, 0.3)) for _ in negatives])
    dtype = random.choice((torch.float32, torch.bfloat16))
    loss = sampled_softmax(*weights, targets, torch.tensor(negatives), inclusion, dtype)
    loss.backward()
