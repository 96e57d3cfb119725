from pathlib import Path

import numpy as np
import pytest

from reelfeel.errors import BundleError, ReelFeelError
from reelfeel.training.loop.checkpoints import (
    Checkpoint,
    load_checkpoint,
    load_finished,
    save_checkpoint,
)


def make_checkpoint(step):
    arrays = {
        "model.a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "optimizer.0.step": np.ones(()),
    }
    return Checkpoint(3, step, arrays, {"best_loss": float("inf"), "loss_sum": 0.1 + 0.2})


def test_a_checkpoint_comes_back_exactly(tmp_path):
    save_checkpoint(tmp_path / "c", make_checkpoint(5))
    loaded = load_checkpoint(tmp_path / "c")
    assert (loaded.epoch, loaded.step) == (3, 5)
    assert loaded.progress == {"best_loss": float("inf"), "loss_sum": 0.1 + 0.2}
    for name, array in make_checkpoint(5).arrays.items():
        np.testing.assert_array_equal(loaded.arrays[name], array)
        assert loaded.arrays[name].dtype == array.dtype


def test_none_is_none(tmp_path):
    assert load_checkpoint(tmp_path / "c") is None


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 100])
def test_a_damaged_checkpoint_is_refused_with_the_mend(tmp_path, content):
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(BundleError, match="without --resume"):
        load_checkpoint(tmp_path / "c")


def test_a_full_disk_is_explained_and_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    save_checkpoint(tmp_path / "c", make_checkpoint(5))

    def refuse(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(ReelFeelError, match="No space left"):
        save_checkpoint(tmp_path / "c", make_checkpoint(6))
    assert load_checkpoint(tmp_path / "c").step == 5
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_a_changed_byte_is_noticed_and_a_finished_run_is_made_again(tmp_path, share):
    save_checkpoint(tmp_path / "c", make_checkpoint(5))
    content = bytearray((tmp_path / "c").read_bytes())
    content[int(share * len(content))] ^= 1
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(BundleError, match="without --resume"):
        load_checkpoint(tmp_path / "c")
    assert load_finished(tmp_path / "c", lambda finished: finished) is None
    assert not (tmp_path / "c").exists()
