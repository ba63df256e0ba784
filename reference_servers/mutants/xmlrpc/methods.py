"""Mutants of introspection, of many calls in one, and of the validator's methods."""

from __future__ import annotations

from typing import Any

from pytest_netconform.reference_servers.mutants.mutant import mutant
from pytest_netconform.reference_servers.xmlrpc import Answers
from pytest_netconform.reference_servers.xmlrpc.config import Method, RpcFault


class Other(Answers):
    """Has another method in place of one."""

    name = ""

    def find(self, name: str) -> Method:
        return self.other if name == self.name else super().find(name)

    def other(self, *values: Any) -> object:
        """What it does."""
        raise NotImplementedError


@mutant("list_is_a_struct", breaks=["XR-introspection"], because="another thing")
class ListIsAStruct(Other):
    """Lists methods with what they do."""

    name = "system.listMethods"

    def other(self, *values: Any) -> object:
        return dict.fromkeys(self.config.methods, "")


@mutant("list_lacks", breaks=["XR-introspection"], because="it lacks add")
class ListLacks(Answers):
    """Lists its own alone."""

    def list_methods(self) -> object:
        return sorted(self.own())


@mutant("one_fault_ends_all", breaks=["XR-multicall"], because="a fault for all of them")
class OneFaultEndsAll(Answers):
    """Gives up at the first fault."""

    def one_of_many(self, call: Any) -> object:
        return [self.member(call["methodName"], tuple(call["params"]))]


@mutant("results_without_arrays", breaks=["XR-multicall"], because="another thing")
class ResultsWithoutArrays(Answers):
    """Gives results as they are."""

    def one_of_many(self, call: Any) -> object:
        found: Any = super().one_of_many(call)
        return found[0] if isinstance(found, list) else found


@mutant("multicall_inside", breaks=["XR-multicall"], because="carried out")
class MulticallInside(Answers):
    """Goes as deep as it is asked to."""

    def member(self, name: str, params: tuple[Any, ...]) -> object:
        return self.work(name, params)


@mutant("entities_counted_once", breaks=["XR-validator1"], because="ctLeftAngleBrackets")
class EntitiesCountedOnce(Other):
    """Looks whether they are there."""

    name = "validator1.countTheEntities"

    def other(self, *values: Any) -> object:
        found: Any = self.config.methods[self.name](*values)
        return {**found, "ctLeftAngleBrackets": 1}


@mutant("another_day", breaks=["XR-validator1"], because="int 36")
class AnotherDay(Other):
    """Takes the first day that there is."""

    name = "validator1.nestedStructTest"

    def other(self, *values: Any) -> object:
        return sum(values[0]["2000"]["04"]["02"].values())


@mutant("validator_refuses", breaks=["XR-validator1"], because="the result")
class ValidatorRefuses(Other):
    """Lists what it has not."""

    name = "validator1.manyTypesTest"

    def other(self, *values: Any) -> object:
        raise RpcFault(1, "Another time")
