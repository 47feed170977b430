"""A compiler's output with the shapes that it doesn't tell: a line of JSON, then the bytes."""

from __future__ import annotations

import json
from typing import Any

from efficient_ai.errors import BadModel


def pack(head: dict[str, Any], content: bytes) -> bytes:
    """Put `head` before `content`."""
    return json.dumps(head).encode() + b"\n" + content


def unpack(content: bytes) -> tuple[dict[str, Any], bytes]:
    """What `pack` put together.

    Raises:
        BadModel: If the content is something else.
    """
    line, _, rest = content.partition(b"\n")
    try:
        head = json.loads(line)
        if not {"input_shape", "output_shape"} <= set(head):
            raise ValueError("no shapes")
    except ValueError as error:
        raise BadModel("expected a compiled model as engines.export makes it, got something else") from error
    return head, rest
