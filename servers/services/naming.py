"""Names for what the request leaves unnamed: four random words, as IBM makes them."""

import random

from servers import catalog


def random_name() -> str:
    return "-".join(random.sample(catalog.words(), 4))
