"""Workers of a Dask cluster play replications: any number of machines behind the address of a scheduler."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from graphs.errors import Fault, InputError
from scenarios.experiment_bundle import Bundle
from scenarios.experiment_program import OtherProgram, program, told_apart
from scenarios.experiment_task import Played, Task, play
from scenarios.experiment_workers import Workers, WorkersLost

_ANSWERS_WITHIN_S: Final = 5
# A worker that was ended comes back within seconds where somebody looks after it.
_BACK_WITHIN_S: Final = 60.0
_OPTION: Final = "--dask"
# What becomes of a task whose scenario was lost with its worker.
_LOST: Final = ("cancelled", "lost")


def _play(bundle: Bundle, asking: Mapping[str, str], task: Task) -> Played:
    return play(bundle, asking, task, f"the worker at {_library().get_worker().address}")


class _Cluster:
    """A cluster that has the scenario's files.

    Parameters
    ----------
    client
        Of ``distributed``.
    """

    def __init__(self, client: Any, bundle: Bundle) -> None:
        self._client, self._bundle = client, bundle
        self._scattered = self._scatter()
        self._seen_at = time.monotonic()

    def _scatter(self) -> Any:
        return self._client.scatter(self._bundle, broadcast=True, hash=False)

    def room(self) -> int:
        """Return how many tasks keep all of them busy; workers may come and go."""
        threads = sum(self._client.nthreads().values())
        now = time.monotonic()
        self._seen_at = now if threads else self._seen_at
        if now - self._seen_at > _BACK_WITHIN_S:
            raise WorkersLost(f"the Dask scheduler has had no worker for {_BACK_WITHIN_S:.0f} s; what is done is kept")
        return 2 * int(threads)

    def begin(self, task: Task) -> Any:
        """Hand over a task."""
        # Scattered data cannot be made again by the cluster: it is lost with the last worker that has it.
        if self._scattered.status != "finished":
            self._scattered = self._scatter()
        return self._client.submit(_play, self._scattered, program(), task, pure=False)

    def ended(self, futures: Collection[Any], within_s: float) -> Iterable[Any]:
        """Wait until some are done."""
        # The library's own wait makes an error of one that was lost.
        if not (done := [future for future in futures if future.status != "pending"]):
            time.sleep(within_s)
        return done

    def played(self, future: Any) -> Played | None:
        """Return what came of a task."""
        if future.status in _LOST:
            return None
        try:
            found: Played = future.result()
        except _library().KilledWorker as error:
            raise WorkersLost(f"several Dask workers died of a task, perhaps for want of memory: {error}") from error
        return found


@contextmanager
def there(address: str, bundle: Bundle) -> Iterator[Workers]:
    """Have the workers of a cluster.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.5:8786``.

    Raises
    ------
    InputError
        ``distributed`` is not installed, no scheduler answers at the address, or it has no workers.
    OtherProgram
        Workers have another program; all of them are named.
    WorkersLost
        The scheduler or its workers went away.
    """
    client = _client(address)
    try:
        _require_workers(client, address)
        _require_same_program(client)
        yield _Cluster(client, bundle.to_send())
    except _library().comm.CommClosedError as error:
        raise WorkersLost(f"the Dask scheduler at {address} went away; what is done is kept") from error
    finally:
        # What was begun and is not wanted any more is forgotten with the client.
        client.close()


def _library() -> Any:
    """Import the cluster's library, which is an extra of the product."""
    return import_module("distributed")


def _client(address: str) -> Any:
    try:
        # A client that finds nobody goes on looking when it should be gone.
        asyncio.run(_knock(address))
        return _library().Client(address, timeout=_ANSWERS_WITHIN_S, set_as_default=False)
    except ModuleNotFoundError as error:
        raise _refused(address, "no such option before: pip install 'nearest-first[dask]'") from error
    except (OSError, ValueError, TypeError) as error:
        accepted = "the address of a Dask scheduler that answers, such as tcp://10.0.0.5:8786"
        raise _refused(address, accepted, str(error)) from error


async def _knock(address: str) -> None:
    library = _library()
    told = library.Security().get_connection_args("client")
    comm = await library.comm.connect(address, timeout=_ANSWERS_WITHIN_S, **told)
    await comm.close()


def _refused(address: str, accepted: str, hint: str = "") -> InputError:
    return InputError([Fault("options", "", _OPTION, address, accepted, hint)])


def _require_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_ANSWERS_WITHIN_S)
    except TimeoutError as error:
        accepted = f"a scheduler with workers: begin them with 'dask worker {address} --nthreads 1'"
        raise _refused(address, accepted) from error


def _require_same_program(client: Any) -> None:
    """Ask every worker which program it has; one that comes later is asked with its first task."""
    answers: Mapping[str, Any] = client.run(program, on_error="return")
    asking = program()
    faults = [
        f"the worker at {address} {said}" for address, answer in answers.items() if (said := _differs(asking, answer))
    ]
    if faults:
        raise OtherProgram("\n".join(f"{fault}; install the same version there" for fault in faults))


def _differs(asking: Mapping[str, str], answer: Any) -> str:
    if isinstance(answer, Mapping):
        differing = told_apart(asking, answer)
        return f"has another program: {differing}" if differing else ""
    return f"has not got this program: {answer}"
