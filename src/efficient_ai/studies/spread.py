"""Calls spread over processes or machines: by joblib on this one, through a Dask scheduler on many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from efficient_ai.errors import EfficientAIError


def spread(
    function: Callable[..., Any], calls: Sequence[dict[str, Any]], *, jobs: int = 1, scheduler: str | None = None
) -> Iterator[Any]:
    """Call a function once for each of `calls`, several at a time, and give the results in the order of the calls.

    A call whose worker dies is made again on another one, up to Dask's own limit of deaths for one call.

    Args:
        function: Importable, or picklable by value, on every worker.
        calls: Keyword arguments of each call.
        jobs: Processes on this machine; 1 for this process alone. With a scheduler its workers decide.
        scheduler: Address of a Dask scheduler, as in "tcp://10.0.0.1:8786"; None for this machine.

    Yields:
        A result for each call.

    Raises:
        EfficientAIError: If there is no scheduler at the address, or Dask isn't installed.
    """
    from joblib import Parallel, delayed, parallel_config

    work = [delayed(function)(**call) for call in calls]
    if scheduler is None:
        yield from Parallel(n_jobs=jobs, return_as="generator")(work)
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise EfficientAIError("a scheduler needs Dask: pip install dask distributed") from error
    try:
        client = Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EfficientAIError(f"there is no Dask scheduler at {scheduler}: start one with `dask scheduler`") from error
    with client:
        with parallel_config(backend="dask", client=client):
            found = Parallel(n_jobs=-1, return_as="generator", batch_size=1)(work)
        yield from found
