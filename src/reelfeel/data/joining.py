"""Reviews of several sources as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reelfeel.data.labels import match_labels
from reelfeel.errors import SchemaError
from reelfeel.values import Reviews


def join_reviews(sources: Sequence[Reviews]) -> Reviews:
    """Returns the reviews of several sources, one behind the other.

    What only some of them have, such as stars, is left out. Ids get the source's number.

    Args:
        sources: at least one.

    Raises:
        SchemaError: if they call their classes by names that cannot be matched.

    Example:

    >>> both = join_reviews([Reviews(["A bore."], [0]), Reviews(["A gem."], [1])])
    >>> both.texts, both.ids
    (['A bore.', 'A gem.'], ['1 review 1', '2 review 1'])
    """
    first = sources[0]
    parts = [first, *(match_labels(one, first.label_names) for one in sources[1:])]
    for one in parts:
        if {name.lower() for name in one.label_names} != {n.lower() for n in first.label_names}:
            raise SchemaError(
                f"{first.source} calls its classes {first.label_names}, {one.source} "
                f"{one.label_names}. Expected the same names in all sources; write the labels "
                "alike, or read the sources one by one."
            )
    has_ratings = all(one.ratings is not None for one in parts)
    has_movies = all(one.movies is not None for one in parts)
    return replace(
        first,
        texts=[text for one in parts for text in one.texts],
        labels=np.concatenate([one.labels for one in parts]),
        ids=[f"{number} {id_}" for number, one in enumerate(parts, 1) for id_ in one.ids],
        ratings=np.concatenate([one.ratings for one in parts if one.ratings is not None])
        if has_ratings
        else None,
        movies=[movie for one in parts for movie in one.movies or ()] if has_movies else None,
        columns={},
        source=", ".join(one.source for one in parts),
        load_summaries=tuple(summary for one in parts for summary in one.load_summaries),
    )
