# %% [markdown]
# # 1. Clean the text and turn it into numbers
#
# A network computes with numbers, and a review is a text. This chapter goes from one to the other
# in six small steps: read, clean, split into words, hold some reviews back, number the words, cut
# and pad. No step is hard, but most mistakes of a project like this are made here.
#
# Every chapter works on the data set that `REELFEEL_TUTORIAL_DATA` names. `mini` has 200 short
# reviews and needs seconds; it shows that the code runs, and is far too small to measure anything.
# `imdb` is the real one: 50,000 reviews, half for training and half for the final test.

# %%
import os

DATA = os.environ.get("REELFEEL_TUTORIAL_DATA", "mini")  # or "imdb"

# The two data sets need different sizes; everything else in the chapter is the same.
VOCABULARY_SIZE, MAX_TOKENS, VALIDATION_SHARE = {
    "mini": (2_000, 200, 0.2),
    "imdb": (10_000, 500, 0.1),
}[DATA]

# %% [markdown]
# ## Read
#
# IMDB comes as a folder with one file per review: `train/neg/0_3.txt` is number 0 of the negative
# training reviews and gave three stars. Reading such a folder takes a few lines. To try them
# without the download, we write two reviews of our own into a folder of the same shape.

# %%
import tempfile
from pathlib import Path


def read_folder(folder):
    texts, labels = [], []
    for label, name in enumerate(["neg", "pos"]):  # 0 is negative, 1 is positive
        for path in sorted((folder / name).glob("*.txt")):
            texts.append(path.read_text("utf-8"))
            labels.append(label)
    return texts, labels


with tempfile.TemporaryDirectory() as folder:
    for name, text in (("neg/0_2", "Too long by an hour."), ("pos/0_9", "I laughed a lot.")):
        path = Path(folder, name + ".txt")
        path.parent.mkdir()
        path.write_text(text, "utf-8")
    print(read_folder(Path(folder)))

# %% [markdown]
# ReelFeel's `load_reviews` does the same for archives, folders and tables. It also counts the
# reviews, and keeps the id of each and the movie it is about.

# %%
from reelfeel.data.loading import load_reviews

train_part, test_part = load_reviews(DATA, "train"), load_reviews(DATA, "test")
for reviews in (train_part, test_part):
    print(
        f"{reviews.source}: {len(reviews):,} reviews of {len(set(reviews.movies)):,} movies, "
        f"{reviews.labels.mean():.0%} positive; the first is {reviews.ids[0]}"
    )

# %% [markdown]
# Half of the reviews are positive, so a model that always gives the same answer is right half of
# the time. An accuracy of 50 % means that a model knows nothing.
#
# ## Clean
#
# Reviews were copied from web pages. They contain tags such as `<br />` and codes such as `&quot;`,
# which are layout and not opinion. If we left them in, `br` would be one of the most common
# "words".

# %%
import html
import re


def clean(text):
    text = html.unescape(text)  # &quot; becomes "
    text = re.sub(r"<[^>]*>", " ", text)  # a tag parts two words, so it becomes a space
    return " ".join(text.split())  # line breaks and double spaces become one space


sample = "It&#39;s <b>NOT</b> bad...<br /><br />I give it 8/10!"
print(clean(sample))

num_tagged = sum("<br" in text for text in train_part.texts)
print(f"{num_tagged:,} of {len(train_part):,} training reviews have a line-break tag")

# %% [markdown]
# Three lines do most of the work, but not all of it. They treat everything between `<` and `>` as a
# tag, even if a writer meant "less than" or drew a heart, `<3`. ReelFeel's `clean` knows the real
# tags. It also makes curly and straight apostrophes the same, so that `don't` is one word.

# %%
from reelfeel.text.cleaning import clean as reelfeel_clean

tricky = "I <3 the first half, then it\u2019s > 2 hours of nothing."
print("ours:    ", clean(tricky))
print("ReelFeel:", reelfeel_clean(tricky))

# %% [markdown]
# ## Split into words
#
# A *token* is what the network reads in one step: a word, or a mark that carries mood. `8/10` stays
# whole, because it says more than any word. So do `...` and `!!!`. Everything becomes lower case,
# so that `Good` at the start of a sentence is the same word as `good`.

# %%
TOKEN = re.compile(r"\d+/\d+|[a-z0-9]+(?:'[a-z0-9]+)*|[.!?]{1,3}")


def tokenize(text):
    return TOKEN.findall(clean(text).lower())


print(tokenize(sample))

# %% [markdown]
# In ReelFeel this is one line. Its pattern also knows other alphabets, emoticons and dashes.

# %%
from reelfeel.text.tokenizer import tokenize as reelfeel_tokenize

print(reelfeel_tokenize(sample))

# %% [markdown]
# How long are the reviews? The network's work grows with their length, so it is worth knowing.

# %%
import numpy as np

train_tokens = [tokenize(text) for text in train_part.texts]
test_tokens = [tokenize(text) for text in test_part.texts]
num_tokens = np.array([len(tokens) for tokens in train_tokens])
for share in (5, 50, 95):
    print(f"{share} % of the reviews have at most {np.percentile(num_tokens, share):.0f} tokens")

longest = int(num_tokens.argmax())
print(f"the longest is {train_part.ids[longest]} with {num_tokens[longest]:,} tokens")
if DATA == "mini":  # its reviews were written for this project and may be printed
    print(train_part.texts[longest])

# %% [markdown]
# ## Hold some reviews back
#
# Later we have to choose how long to train, and with which settings. To choose well we need reviews
# that the network has not learned from. Otherwise the best choice would be the one that learned
# most by heart. The test part must not be used for that: it is opened once, at the end. So we take
# a *validation* set out of the training part.
#
# We draw it by movie, not by review. Reviews of one movie share the names of its actors and roles.
# If a movie were on both sides, a network could score by recognising the movie.

# %%
from collections import Counter

reviews_of = Counter(train_part.movies)
held_out, num_held_out = set(), 0
for movie in np.random.default_rng(0).permutation(sorted(reviews_of)).tolist():
    if num_held_out >= VALIDATION_SHARE * len(train_part):
        break
    held_out.add(movie)
    num_held_out += reviews_of[movie]

in_validation = np.array([movie in held_out for movie in train_part.movies])
for name, rows in {"train": ~in_validation, "validation": in_validation}.items():
    share_positive = train_part.labels[rows].mean()
    print(f"{name}: {rows.sum():,} reviews, {share_positive:.1%} positive")

# %% [markdown]
# ReelFeel's split also keeps duplicate texts together and the classes in balance.

# %%
from reelfeel.data.splitting import split_train_validation

print(split_train_validation(train_part, validation_share=VALIDATION_SHARE, seed=0).describe())

# %% [markdown]
# ## Number the words
#
# Every word gets a number, its *id*. Two ids are special: 0 will mean "padding, no word here", and
# 1 "a word that I do not know". The most common words get the ids from 2 on, until the vocabulary
# is full. Words seen only once are left out: one example is too little to learn a word from.
#
# Only the training reviews are counted. A word that occurs only in the validation set must be
# unknown there, as new words will be when the model is used.

# %%
PADDING_ID, UNKNOWN_ID = 0, 1

counts = Counter()
for row in np.flatnonzero(~in_validation):
    counts.update(train_tokens[row])
frequent = [word for word, count in counts.most_common(VOCABULARY_SIZE - 2) if count >= 2]
id_of = {word: id_ for id_, word in enumerate(frequent, start=2)}

covered = sum(counts[word] for word in frequent) / counts.total()
print(f"{len(counts):,} different words; {len(frequent):,} get an id: {covered:.1%} of the text")
print({word: id_of[word] for word in frequent[:8]})

# %% [markdown]
# ## Cut and pad
#
# Very long reviews are cut. We keep the end, because that is where reviewers sum up.

# %%


def encode(tokens):
    ids = [id_of.get(token, UNKNOWN_ID) for token in tokens]
    return np.array(ids[-MAX_TOKENS:] or [UNKNOWN_ID], dtype=np.int32)  # an empty text is unknown


train_ids = [encode(tokens) for tokens in train_tokens]
test_ids = [encode(tokens) for tokens in test_tokens]

print(tokenize("What a wonderful film!"), "->", encode(tokenize("What a wonderful film!")))
print(f"{(num_tokens > MAX_TOKENS).mean():.1%} of the reviews were cut to {MAX_TOKENS} tokens")

# %% [markdown]
# A network works on many reviews at once, as a rectangle of numbers with one row per review. Short
# reviews do not fill their row, and the rest of it is *padded* with 0. We pad on the right, so
# every review starts in the first column. The *mask* says which places hold a real word. Remember
# it: chapter 6 shows what happens when it is missing.

# %%


def pad(rows, timesteps=None):
    padded = np.full((len(rows), timesteps or max(map(len, rows))), PADDING_ID, dtype=np.int32)
    for row, ids in enumerate(rows):
        padded[row, : len(ids)] = ids
    return padded


texts = ["What a wonderful film!", "Dull.", "Not bad at all."]
batch = pad([encode(tokenize(text)) for text in texts])
mask = batch != PADDING_ID
print(batch)
print(mask.astype(int))

# %% [markdown]
# ReelFeel's `TextEncoder` does all steps from the cleaning on, in the same way for training and for
# prediction. How close are our few lines to it?

# %%
from reelfeel.text.encoder import TextEncoder, token_counts
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary

settings = TextSettings(max_tokens=MAX_TOKENS, keep="tail")
learning_texts = [train_part.texts[row] for row in np.flatnonzero(~in_validation)]
vocabulary = Vocabulary.build(token_counts(learning_texts, settings), size=VOCABULARY_SIZE)
encoder = TextEncoder(vocabulary, settings)

print(encoder.encode(["What a wonderful film!"]).token_ids)
num_shared = len(set(vocabulary.tokens) & set(frequent))
print(f"{num_shared:,} of our {len(frequent):,} words are in ReelFeel's vocabulary too")

# %% [markdown]
# ## Keep the numbers
#
# The next chapters start from these files, so that each can be run by itself.

# %%
import json

from reelfeel.files.writing import home

WORK = home() / "tutorial" / DATA
WORK.mkdir(parents=True, exist_ok=True)


def save(name, rows, labels):
    lengths = [len(ids) for ids in rows]
    np.savez(WORK / f"{name}.npz", ids=np.concatenate(rows), lengths=lengths, labels=labels)
    print(f"{name}: {len(rows):,} reviews, {sum(lengths):,} ids")


learning = [train_ids[row] for row in np.flatnonzero(~in_validation)]
validating = [train_ids[row] for row in np.flatnonzero(in_validation)]
save("train", learning, train_part.labels[~in_validation])
save("validation", validating, train_part.labels[in_validation])
save("test", test_ids, test_part.labels)
(WORK / "vocabulary.json").write_text(json.dumps(frequent), "utf-8")

# %% [markdown]
# ## What to take with you
#
# - Remove layout, keep what carries mood.
# - Hold reviews back before you count words, and hold them back by movie.
# - Id 0 is padding and nothing else. The mask tells padding from words.
