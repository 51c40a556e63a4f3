<?php

declare(strict_types=1);

namespace Zroute\Tests\Client;

use Zroute\Tests\ProcessTestCase;

/**
 * A child of the client's process cannot disturb it.
 */
final class ForkTest extends ProcessTestCase
{
    public function testTheParentGoesOnAndTheChildIsTold(): void
    {
        $client = $this->startClient('forking', $this->serve());
        self::assertSame(
            "exit: 3\nparent: 3 42\nkill: 137\nparent: 3 42\nunset: 3\nparent: 3 42\n",
            $client->readAll()
        );
        self::assertSame(0, $client->wait());
        self::assertSame('', $client->errors());
    }
}
