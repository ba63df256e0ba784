"""The machine: Hypothesis draws steps one by one, by what the model holds possible, and a walker takes them.

One machine serves all protocols: its rules are the words of a column's strategies. It must not know what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from pytest_netconform.models.model import Step
from pytest_netconform.walks.walk import Walker


class Example(RuleBasedStateMachine):
    """One example: a walk that begins, takes what is drawn, and ends.

    begin: makes the walker, or None where the example cannot be held (then nothing is drawn for it). watch: gets the
    walker and what went wrong, if anything, and says what Hypothesis is to hear of.
    """

    def __init__(
        self, begin: Callable[[], Walker | None], watch: Callable[[Walker, BaseException | None], BaseException | None]
    ) -> None:
        super().__init__()
        self._watch = watch
        self._done = False
        self.walker = begin()

    def possible(self, word: str) -> bool:
        """Whether a step of this word can be taken now; when the example is over, any can, and does nothing."""
        return self._done or self.walker is None or self.walker.possible(word)

    def take(self, step: Step) -> None:
        """One step."""
        self._act(lambda walker: walker.take(step))

    def teardown(self) -> None:
        """The end, if it has not ended yet."""
        self._act(lambda walker: walker.finish(), last=True)

    def _act(self, act: Callable[[Walker], None], *, last: bool = False) -> None:
        if self._done or self.walker is None:
            return
        problem: BaseException | None = None
        try:
            act(self.walker)
        except Exception as error:
            problem = error
        except BaseException:  # a timeout, Ctrl-C: nothing may be said behind what was broken off
            self._done = True
            raise
        if problem is not None or last:
            self._done = True
            if (told := self._watch(self.walker, problem)) is not None:
                raise told


@contextmanager
def settled() -> Iterator[None]:
    """A seed says all while this lasts: Hypothesis else draws constants of whatever modules happen to be loaded too."""
    providers: Any = import_module("hypothesis.internal.conjecture.providers")
    if not hasattr(providers, "_get_local_constants"):  # older ones have no such thing
        yield
        return
    known, nothing = providers._get_local_constants, providers.Constants()
    providers._get_local_constants = lambda: nothing
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        providers._get_local_constants = known
        providers.CONSTANTS_CACHE.cache.clear()


def machine_of(rules: Mapping[str, st.SearchStrategy[Step]]) -> type[Example]:
    """A machine with a rule for each of a column's words. `RCPT ours`: another rule of the word RCPT."""
    made: dict[str, Any] = {}
    for name, steps in rules.items():
        made["say_" + "_".join(name.split()).lower()] = _rule(name.partition(" ")[0], steps)
    return type("Walking", (Example,), made)


def _rule(word: str, steps: st.SearchStrategy[Step]) -> Any:
    def say(self: Example, step: Step) -> None:
        self.take(step)

    return precondition(lambda self: self.possible(word))(rule(step=steps)(say))
