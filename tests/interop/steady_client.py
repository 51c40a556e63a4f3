"""A client in PHP that calls without end, while its servers come and go."""

import json

from processes import Process
from programs import PEERS


class SteadyClient(Process):
    """peers/steady_client.php; its first line says that it has been answered."""

    def __init__(self, programs, endpoints, notes, number, idempotent):
        script = PEERS / "steady_client.php"
        arguments = [",".join(endpoints), notes, number * 10_000_000, "1" if idempotent else "0"]
        super().__init__([*programs.php, script, *arguments], **programs.environment)

    def end(self):
        """How many calls were answered, and the failures of the others."""
        self.close_stdin()
        return json.loads(self.read_all().splitlines()[-1])
