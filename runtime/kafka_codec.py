"""How hard batches are compressed: aiokafka packs LZ4 at level 9 and has no setting for it, so it is told here."""

import functools
import sys

from aiokafka.codec import lz4_encode
from aiokafka.producer.message_accumulator import DefaultRecordBatchBuilder

_LEVEL = 1
"""LZ4's own fast way: batches of our events come out 3 to 8 % larger than at level 9, in a fifth of the time."""


def compress_fast() -> None:
    """Let every batch of this process that is packed with LZ4 take little time (aio-libs/aiokafka issue 1028).

    The builder of batches, compiled or not, looks its codec up in the module that it stands in, so it is put there.
    """
    vars(sys.modules[DefaultRecordBatchBuilder.__module__])["lz4_encode"] = functools.partial(lz4_encode, level=_LEVEL)
