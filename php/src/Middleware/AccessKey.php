<?php

declare(strict_types=1);

namespace Zroute\Middleware;

use Zroute\Call;
use Zroute\Exception\InvalidOption;
use Zroute\Fault;
use Zroute\Middleware;

/**
 * Lets in calls that bring a key in their meta, as `access_key`; others get the
 * fault -32003.
 *
 *     $server->middleware('*', new AccessKey([getenv('SHOP_KEY') => ['shop.*'], getenv('ADMIN_KEY') => ['*']]));
 *
 * A key is sent with each call and crosses the network as it is: without CURVE,
 * whoever can read the connection has it.
 */
final class AccessKey implements Middleware
{
    private const META = 'access_key';
    private const SHORTEST = 8;

    /** @var list<array{string, list<string>}> digests of the keys, and globs of the functions they allow */
    private readonly array $keys;

    /**
     * @param array<string, list<string>> $keys globs of the functions that a key allows, by key
     * @throws InvalidOption when a key has less than 8 characters, or its globs are no list of strings
     */
    public function __construct(#[\SensitiveParameter] array $keys)
    {
        $known = [];
        foreach ($keys as $key => $globs) {
            // What getenv() gives for a variable that is not there becomes the key 0.
            if (strlen((string) $key) < self::SHORTEST) {
                $got = strlen((string) $key);
                throw new InvalidOption(
                    'an access key is expected to have ' . self::SHORTEST . " characters or more, got $got"
                );
            }
            if (!is_array($globs) || array_filter($globs, is_string(...)) !== $globs) {
                throw new InvalidOption('what an access key allows is expected to be a list of globs of functions');
            }
            $known[] = [self::digest((string) $key), array_values($globs)];
        }
        $this->keys = $known;
    }

    public function process(Call $call, callable $next): mixed
    {
        $key = $call->meta[self::META] ?? null;
        $digest = self::digest(is_string($key) ? $key : '');
        $allowed = null;
        // All of them each time, so that the time tells nothing.
        foreach ($this->keys as [$known, $globs]) {
            if (hash_equals($known, $digest)) {
                $allowed = $globs;
            }
        }
        if ($allowed === null) {
            throw new Fault(Fault::FORBIDDEN, "$call->function wants a valid key in the meta '" . self::META . "'");
        }
        foreach ($allowed as $glob) {
            if (fnmatch($glob, $call->function)) {
                return $next($call);
            }
        }
        throw new Fault(Fault::FORBIDDEN, "this key does not allow $call->function");
    }

    /** Digests are of one length, which thus tells nothing of the key's. */
    private static function digest(#[\SensitiveParameter] string $key): string
    {
        return hash('sha256', $key, true);
    }
}
