"""PyTorch's `nn.LSTM`: float32 padded to 500 as tutorials have it, or bfloat16 with our buckets."""

import protocol
import torch


class Classifier(torch.nn.Module):
    def __init__(self, embedding_dim, units):
        super().__init__()
        self.embedding = torch.nn.Embedding(10_000, embedding_dim)
        self.lstm = torch.nn.LSTM(embedding_dim, units, batch_first=True)
        self.dropout = torch.nn.Dropout(0.5)
        self.output = torch.nn.Linear(units, 1)

    def forward(self, ids):
        states, _ = self.lstm(self.embedding(ids))
        last = (ids != 0).sum(1).clamp(min=1) - 1
        return self.output(self.dropout(states[torch.arange(len(ids)), last])).squeeze(1)


def train(model, optimizer, batches, *, bfloat16):
    model.train()
    for ids, labels in batches:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = model(ids)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), labels)
        loss.backward()
        optimizer.step()


def read_taught(settings):
    ids, labels, _ = protocol.read_reviews(settings["reviews"])
    tensors = torch.from_numpy(protocol.pad(ids, 500)), torch.from_numpy(labels)
    dataset = torch.utils.data.TensorDataset(*tensors)
    return torch.utils.data.DataLoader(dataset, batch_size=64, shuffle=True)


def read_buckets(settings):
    batches = protocol.padded_batches(settings["reviews"])
    return [(torch.from_numpy(ids), torch.from_numpy(labels)) for ids, labels in batches]


def prepare(settings):
    torch.manual_seed(0)
    model = Classifier(settings["embedding_dim"], settings["units"])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    batches = {"taught": read_taught, "buckets": read_buckets}[settings["way"]](settings)
    lengths = [len(ids) for ids in protocol.read_reviews(settings["reviews"])[0]]
    bfloat16 = settings["precision"] == "bfloat16"
    warm_up = list(batches)[:3] if settings["way"] == "taught" else batches
    train(model, optimizer, protocol.one_of_each_width(warm_up), bfloat16=bfloat16)

    def take_turn():
        _, seconds = protocol.timed(lambda: train(model, optimizer, batches, bfloat16=bfloat16))
        return protocol.rates(seconds, real_tokens=sum(lengths), reviews=len(lengths))

    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
