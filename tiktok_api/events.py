"""Events: how a lower domain tells or asks a higher one, in the same transaction, without importing it."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

_listeners: dict[str, list[Callable[..., Any]]] = defaultdict(list)


def subscribe(name: str, listener: Callable[..., Any]) -> None:
    """Call `listener` whenever `name` is announced or asked. Subscribing twice is the same as once."""
    if listener not in _listeners[name]:
        _listeners[name].append(listener)


def announce(name: str, **facts: Any) -> None:
    """Call every listener, inside the caller's transaction; a listener that raises undoes the caller's work."""
    for listener in _listeners.get(name, ()):
        listener(**facts)


def ask(name: str, **facts: Any) -> list[Any]:
    """Returns every listener's answer, inside the caller's transaction; a veto is an exception."""
    return [answer for listener in _listeners.get(name, ()) if (answer := listener(**facts)) is not None]
