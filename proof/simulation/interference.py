"""Injects faults into a simulated world, and stops executions at a call."""

from local.fault_proxy.faults import Fault
from proof.fault_campaign.case import Injection
from proof.simulation.simulated_world import SimulatedWorld


def inject(world: SimulatedWorld, injection: Injection) -> None:
    """Let a fault wait for its call."""
    fault = injection.fault
    world.network.faults_of_case.inject(fault)
    if injection.kind == "stop":
        world.network.when_held[fault] = lambda: _stop(world, fault)


def _stop(world: SimulatedWorld, fault: Fault) -> None:
    """Stop all running executions, and let the held call go on."""
    for name in world.executions.names(running=True):
        world.executions.stop(name)
    world.network.faults_of_case.lift(fault)
