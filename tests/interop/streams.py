"""Our own client in PHP, which reads one stream of zerorpc and makes one more call."""

import json

from processes import PATIENCE, Process
from programs import PEERS


def streamed(programs, endpoint, function, *parameters, take=0):
    """What peers/streamer.php tells of the stream."""
    script = [PEERS / "streamer.php", endpoint, function, json.dumps(parameters), take]
    with Process([*programs.php, *script, "dialect=zerorpc"], **programs.environment) as process:
        try:
            told = json.loads(process.read_line(10 * PATIENCE))
        except AssertionError as error:
            raise AssertionError(f"{process}") from error
        assert told["then"] == 3
        return told
