"""The floor: the same four states on the same engine, with functions that do nothing."""

import io
import json
import uuid
import zipfile
from dataclasses import dataclass
from typing import Any, Final, Self

from local.saga_control import SagaControl
from local.world import World
from proof.bench.cpu_use import FLOOR_PREFIX
from proof.journey import path
from stacks.constructs.python_function import code_folder

_HANDLER: Final = "def handler(event, context):\n    print('done')\n    return {}\n"
"""It logs a line, as every function of ours does: the emulated AWS waits 50 ms for one that logs none."""

_TIMEOUT_SECONDS: Final = 29
_EVERYTHING: Final = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Floor:
    """A machine with the saga's own definition, whose functions return at once.

    They run in AWS's runtime client, like the functions of the saga. Whatever an execution needs of time and
    CPU is the engine's and the runtime's share of a real one.

    Attributes:
        executions: Its executions.
    """

    executions: SagaControl

    @classmethod
    def deploy(cls, world: World) -> Self:
        """Make the functions and the machine, in a world that is thrown away afterwards."""
        machines = world.aws.client("stepfunctions")
        saga = machines.describe_state_machine(stateMachineArn=world.state_machine_arn)
        role = _role(world)
        definition: dict[str, Any] = json.loads(saga["definition"])
        for name in path({}):
            arn = _function(world, name, role)
            definition["States"][name]["Arguments"]["FunctionName"] = arn
        machine = machines.create_state_machine(
            name=FLOOR_PREFIX, definition=json.dumps(definition), roleArn=role
        )
        return cls(SagaControl(machines, machine["stateMachineArn"]))

    def run(self) -> str:
        """Run one execution to its end; returns its name."""
        name = self.start()
        self.executions.wait_until_ended(name)
        return name

    def start(self) -> str:
        """Start an execution; returns its name."""
        name = str(uuid.uuid4())
        self.executions.start(name, name)
        return name


def _role(world: World) -> str:
    iam = world.aws.client("iam")
    services = ["lambda.amazonaws.com", "states.amazonaws.com"]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    name = FLOOR_PREFIX
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(_EVERYTHING))
    return role["Role"]["Arn"]


def _function(world: World, state: str, role: str) -> str:
    function = world.aws.client("lambda").create_function(
        FunctionName=f"{FLOOR_PREFIX}-{state}",
        Runtime="provided.al2023",
        Handler="function.handler",
        Role=role,
        Code={"ZipFile": _code()},
        Timeout=_TIMEOUT_SECONDS,
        MemorySize=512,
    )
    return function["FunctionArn"]


def _code() -> bytes:
    """The files that start a function in the embedded AWS, and a function that does nothing."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(code_folder(embedded=True).iterdir()):
            if path.is_file():
                archive.write(path, path.name)
        archive.writestr("function.py", _HANDLER)
    return content.getvalue()
