<?php

declare(strict_types=1);

namespace Zroute\Tests\Application;

use Zroute\Call;
use Zroute\Server;
use Zroute\Tests\ApplicationTestCase;

/**
 * zroute.list says of a function what its declaration says.
 */
final class DescriptionTest extends ApplicationTestCase
{
    public function testAMethodTellsItsParametersAndItsDocblock(): void
    {
        $server = new Server(['math' => Calculator::class]);
        self::assertEquals([[
            'name' => 'math.add',
            'parameters' => [
                ['name' => 'a', 'type' => 'int', 'optional' => false, 'variadic' => false],
                ['name' => 'b', 'type' => 'int', 'optional' => true, 'variadic' => false, 'default' => 1],
            ],
            'returns' => 'int',
            'doc' => "Adds two numbers.\n\n  Indented.\n\n@param int \$a the first",
        ]], $this->call($server, 'zroute.list', ['math.add']));
    }

    public function testDefaultsAreToldWhereTheyArePlain(): void
    {
        $server = new Server(['f' => fn (
            Call $call,
            $untyped,
            ?string $text = null,
            array|int $list = ['a' => [1]],
            mixed $object = new \stdClass(),
            float $constant = \NO_SUCH_CONSTANT,
            int ...$more,
        ): ?array => null]);
        [['parameters' => $parameters, 'returns' => $returns, 'doc' => $doc]] = $this->call($server, 'zroute.list');
        self::assertSame(
            ['untyped', 'text', 'list', 'object', 'constant', 'more'],
            array_column($parameters, 'name')
        );
        self::assertSame(
            ['', '?string', 'array|int', 'mixed', 'float', 'int'],
            array_column($parameters, 'type')
        );
        self::assertSame([false, true, true, true, true, true], array_column($parameters, 'optional'));
        self::assertTrue($parameters[5]['variadic']);
        self::assertSame([1 => null, 2 => ['a' => [1]]], array_map(
            static fn (array $parameter): mixed => $parameter['default'],
            array_filter($parameters, static fn (array $parameter) => array_key_exists('default', $parameter))
        ));
        self::assertSame(['?array', ''], [$returns, $doc]);
    }

    public function testAFunctionThatIsReplacedTellsOfItsSuccessor(): void
    {
        $server = new Server(['f' => fn (int $old): int => $old]);
        $server->register('f', 'strrev');
        [['parameters' => [$parameter], 'returns' => $returns]] = $this->call($server, 'zroute.list');
        self::assertSame(['string', 'string', 'string'], [$parameter['name'], $parameter['type'], $returns]);
    }
}
