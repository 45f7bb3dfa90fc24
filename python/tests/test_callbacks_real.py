"""Trainings of Lightning and transformers themselves, where they are installed."""

import numpy as np
import pytest

import hinton

torch = pytest.importorskip("torch")
ALL = {"overhead": 1e9}


def test_the_real_lightning_is_recorded(tmp_path):
    lightning = pytest.importorskip("lightning")

    class Net(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(4, 3)

        def loss(self, batch):
            return self.fc(batch[0]).square().mean()

        def training_step(self, batch, index):
            return self.loss(batch)

        def validation_step(self, batch, index):
            self.log("val_loss", self.loss(batch))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(32, 4)), batch_size=8)
    net, callback = Net(), hinton.callbacks.lightning(tmp_path / "run", trained="a net", gradients=True, **ALL)
    trainer = lightning.Trainer(
        max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[callback], default_root_dir=tmp_path,
    )
    trainer.fit(net, data, data)
    run = hinton.run(tmp_path / "run")
    assert run.trained == "a net" and len(run.metrics["loss"]) == 12 and len(run.metrics["val_loss"]) == 3
    assert len(run.metrics["grad_norm"]) == 12
    np.testing.assert_array_equal(run.at()["fc.weight"].numpy(), net.fc.weight.detach().numpy())


def test_the_real_transformers_is_recorded(tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=16, num_labels=2,
    )
    model = transformers.BertForSequenceClassification(config)
    rows = [
        {"input_ids": torch.randint(0, 40, (8,)), "attention_mask": torch.ones(8, dtype=torch.long), "labels": index % 2}
        for index in range(24)
    ]
    options = transformers.TrainingArguments(
        output_dir=str(tmp_path / "out"), max_steps=6, per_device_train_batch_size=4, logging_steps=2, report_to=[],
        save_strategy="no", use_cpu=True, disable_tqdm=True,
    )
    callback = hinton.callbacks.transformers(tmp_path / "run", gradients=True, updates=True, **ALL)
    transformers.Trainer(model, options, train_dataset=rows, callbacks=[callback]).train()
    run = hinton.run(tmp_path / "run")
    assert [step.number for step in run.steps] == [1, 2, 3, 4, 5, 6]
    assert [number for number, _ in run.metrics["loss"]] == [2, 4, 6]
    assert len(run.metrics["grad_norm"]) == 6 and run.metrics["grad_norm"][0][1] > 0
    assert len(run.metrics["update_ratio.classifier.weight"]) == 5
    name = "bert.encoder.layer.1.attention.self.query.weight"
    np.testing.assert_array_equal(run.at()[name].numpy(), model.state_dict()[name].numpy())
    # Its folder of models is told from a run, and the picture of the whole model is drawn.
    assert hinton.draw(model).size[0] > 100
