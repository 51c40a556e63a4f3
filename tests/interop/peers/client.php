<?php

/*
 * A client in PHP for the tests: `client.php ENDPOINT [OPTION=VALUE]...`.
 *
 * stdin and stdout carry messages: a length of four bytes, big-endian, then one
 * MessagePack value. In: a list of calls [function, parameters, timeout_ms], and a
 * 1 if it is idempotent, which all begin before the first is waited for. Out:
 * [results, unmatched], each result [kind, value].
 */

declare(strict_types=1);

use Zroute\Exception\ConnectionFailed;
use Zroute\Exception\InvalidMessage;
use Zroute\Exception\OutcomeUnknown;
use Zroute\Exception\RemoteError;
use Zroute\Exception\Timeout;
use Zroute\MessagePack;

require __DIR__ . '/../../../php/autoload.php';
require __DIR__ . '/options.php';

function read_bytes(int $size): ?string
{
    $bytes = '';
    while (strlen($bytes) < $size) {
        $more = fread(STDIN, $size - strlen($bytes));
        if ($more === false || $more === '') {
            return null;
        }
        $bytes .= $more;
    }
    return $bytes;
}

/** @return array{string, mixed} */
function outcome(Zroute\PendingCall $call): array
{
    try {
        return ['answer', $call->await()];
    } catch (RemoteError $e) {
        return ['fault', [$e->getCode(), $e->name, $e->remoteMessage]];
    } catch (Timeout $e) {
        return ['timeout', $e->getMessage()];
    } catch (OutcomeUnknown $e) {
        return ['outcome unknown', $e->getMessage()];
    } catch (ConnectionFailed $e) {
        return ['not connected', $e->getMessage()];
    } catch (InvalidMessage $e) {
        return ['invalid', $e->getMessage()];
    }
}

$client = new Zroute\Client($argv[1], options(array_slice($argv, 2)));
while (($head = read_bytes(4)) !== null) {
    $calls = array_map(
        fn (array $call) => $client->async($call[0], $call[1], $call[2], ($call[3] ?? 0) === 1),
        MessagePack::unpack((string) read_bytes(unpack('N', $head)[1]))
    );
    $results = array_map('outcome', $calls);
    $message = MessagePack::pack([$results, $client->counters()['unmatched']]);
    fwrite(STDOUT, pack('N', strlen($message)) . $message);
}
