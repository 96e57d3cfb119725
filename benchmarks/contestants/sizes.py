"""What a text costs at many sizes of the task: by the number of texts, or by their length."""

import itertools

import protocol
from reelfeel_classifier import open_classifier


def by_number(texts, number):
    """Returns so many texts; they repeat where there are too few."""
    return list(itertools.islice(itertools.cycle(texts), number))


def by_length(texts, words, *, num_words=100_000):
    """Returns texts of so many words each, made of the reviews one after the other."""
    stream = itertools.cycle(word for text in texts for word in text.split())
    number = max(4, min(1_000, num_words // words))
    return [" ".join(itertools.islice(stream, words)) for _ in range(number)]


def prepare(settings):
    texts, _ = protocol.read_texts(settings["texts"])
    classifier = open_classifier(settings)
    make = {"number": by_number, "length": by_length}[settings["way"]]

    def take_turn():
        report = {}
        for size in settings["sizes"]:
            sample = make(texts, size)
            # A few texts are over too soon for one reading of the clock.
            repeats = max(1, 100 // len(sample))
            _, seconds = protocol.timed(
                lambda sample=sample, repeats=repeats: [
                    classifier.predict_proba(sample) for _ in range(repeats)
                ]
            )
            report[str(size)] = seconds / repeats / len(sample) * 1e6
        return report

    classifier.predict_proba(texts[:1_000])
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
