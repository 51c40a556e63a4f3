<?php

// A small zerorpc server, written from the protocol. Its functions are those of match below; `seen` tells what it
// was asked: the header of the call before, open channels, heartbeats and the largest window it was given.

declare(strict_types=1);

use Zroute\Exception\Timeout;
use Zroute\MessagePack;
use Zroute\Socket\Router;

require __DIR__ . '/../../../php/autoload.php';

ini_set('display_errors', 'stderr');

final class Channel
{
    public int $credit = 1;
    public float $heard;
    public float $nextBeat;

    /** @param list<string> $envelope */
    public function __construct(
        public readonly array $envelope,
        public readonly string $id,
        public ?Generator $items,
        float $beat
    ) {
        $this->heard = microtime(true);
        $this->nextBeat = $this->heard + $beat;
    }
}

$beat = (json_decode($argv[1], true)['heartbeat_ms'] ?? 5000) / 1000;
// A ROUTER drops what a peer has no room for; the windows of its streams are what bounds it here.
$socket = new Router(bind: 'tcp://127.0.0.1:*', options: ['ZMQ_SNDHWM' => 0]);
echo $socket->endpoint(), "\n";

/** @var array<string, Channel> $channels */
$channels = [];
$seen = ['header' => [], 'heartbeats' => 0, 'most' => 0, 'open' => 0];
$sent = 0;

$event = static function (Channel $channel, string $name, mixed $args) use ($socket, &$sent): void {
    $header = ['message_id' => 's' . ++$sent, 'v' => 3, 'response_to' => $channel->id];
    $socket->sendFrames([...$channel->envelope, MessagePack::pack([$header, $name, $args])]);
};
$end = static function (Channel $channel, string $name, mixed $args) use ($event, &$channels): void {
    $event($channel, $name, $args);
    unset($channels[$channel->id]);
};
$count = static function (int $number, ?string $failure = null): Generator {
    for ($i = 0; $i < $number; $i++) {
        yield $i;
    }
    if ($failure !== null) {
        throw new RuntimeException($failure);
    }
};

while (true) {
    try {
        $frames = $socket->receiveFrames(5);
    } catch (Timeout) {
        $frames = null;
    }
    if ($frames !== null) {
        [$header, $name, $args] = MessagePack::unpack((string) array_pop($frames));
        $channel = $channels[$header['response_to'] ?? ''] ?? null;
        if ($name === '_zpc_hb' && $channel !== null) {
            $channel->heard = microtime(true);
            $seen['heartbeats']++;
        } elseif ($name === '_zpc_more' && $channel !== null) {
            $channel->credit += $args[0];
            $seen['most'] = max($seen['most'], $channel->credit);
        } elseif (!isset($header['response_to'])) {
            $channel = new Channel($frames, $header['message_id'], null, $beat);
            $channels[$channel->id] = $channel;
            match ($name) {
                'plus' => $end($channel, 'OK', [array_sum($args)]),
                'seen' => $end($channel, 'OK', [['open' => count($channels) - 1] + $seen]),
                'fail' => $end($channel, 'ERR', ['Oops', $args[0], 'Traceback: …']),
                'old' => $end($channel, 'ERR', [$args[0]]),
                'count' => $channel->items = $count(...$args),
                'silent', 'alive' => $name === 'silent' ? $channel->nextBeat = INF : null,
                default => $end($channel, 'ERR', ['NameError', $name, null]),
            };
            if ($name !== 'seen') {
                $seen['header'] = $header;
            }
        }
    }
    $now = microtime(true);
    foreach ($channels as $channel) {
        try {
            for (; $channel->items?->valid() && $channel->credit > 0; $channel->credit--) {
                $event($channel, 'STREAM', $channel->items->current());
                $channel->items->next();
            }
            if ($channel->items !== null && !$channel->items->valid()) {
                $end($channel, 'STREAM_DONE', null);
                continue;
            }
        } catch (RuntimeException $e) {
            $end($channel, 'ERR', ['RuntimeException', $e->getMessage(), 'Traceback: …']);
            continue;
        }
        if ($now >= $channel->nextBeat) {
            $channel->nextBeat += $beat;
            $event($channel, '_zpc_hb', [0]);
        }
        // What was read last may not be all that has come.
        if ($frames === null && $now > $channel->heard + 2 * $beat) {
            unset($channels[$channel->id]);
        }
    }
}
