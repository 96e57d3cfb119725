"""A precision that the machine lacks is refused in one line, before anything is read."""

import pytest

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.errors import ConfigError
from reelfeel.training.distillation.distill import distill
from reelfeel.training.language_model.pretrain import pretrain
from reelfeel.training.train import train

WANTED = {"training": {"precision": "bfloat16"}}


@pytest.fixture(autouse=True)
def _old_processor(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: False)


@pytest.mark.parametrize("preset", ["seed", "base"])
def test_training_does_not_begin(preset, tmp_path):
    with pytest.raises(ConfigError, match="Received precision 'bfloat16'"):
        train("no-such-file.csv", output=tmp_path / "m", preset=preset, settings=WANTED)


def test_distilling_does_not_begin(tmp_path):
    with pytest.raises(ConfigError, match="Received precision 'bfloat16'"):
        distill(["no-such-model"], "no-such-file.csv", output=tmp_path / "m", settings=WANTED)


def test_pretraining_does_not_begin(tmp_path):
    config = PretrainingConfig(precision="bfloat16")
    with pytest.raises(ConfigError, match="Received precision 'bfloat16'"):
        pretrain(["no-such-file.csv"], output=tmp_path / "m", config=config)
