"""How a lower domain speaks to a higher one without knowing it: announcements, and questions answered in the same transaction."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

_listeners: dict[str, list[Callable[..., Any]]] = defaultdict(list)


def subscribe(name: str, listener: Callable[..., Any]) -> None:
    """Have `listener` called whenever `name` is announced or asked. Subscribing twice is the same as once."""
    if listener not in _listeners[name]:
        _listeners[name].append(listener)


def announce(name: str, **facts: Any) -> None:
    """Tell whoever listens, inside the caller's transaction; a listener that raises undoes the caller's work."""
    for listener in _listeners.get(name, ()):
        listener(**facts)


def ask(name: str, **facts: Any) -> list[Any]:
    """Collect every listener's answer, inside the caller's transaction; a veto is an exception."""
    return [answer for listener in _listeners.get(name, ()) if (answer := listener(**facts)) is not None]
