"""The texts whose answers every bundle carries: short, long, odd and empty, written for this."""

GOLDEN_TEXTS = (
    "",
    "wonderful",
    "A slow start, but what an ending. I left the cinema smiling.",
    "Two hours of my life that I will never get back. Dull, loud and far too long.",
    "Not bad at all, though hardly the masterpiece that everyone promised.",
    "It's <br /><br />GREAT &amp; I don't care who knows it!!! 10/10",
    "zxqv wqxz 漢字 \U0001f3ac",
    # Longer than what most models read, so that cutting is replayed too.
    " ".join(f"Scene {number} drags on, then a fine joke saves it." for number in range(1, 121)),
)
