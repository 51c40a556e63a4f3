<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use Illuminate\Contracts\Config\Repository;
use Zroute\Client;
use Zroute\Laravel\Facades\Zroute;

final class PageController
{
    /** @return array{mixed, mixed} */
    public function sum(): array
    {
        return [Zroute::call('plus', [1, 2, 3]), Zroute::service('guarded')->call('admin.raise', [5])];
    }

    /** @return array{sum: mixed, pid: int, calls: int} which process answers, and how many calls its client has made */
    public function process(Repository $config): array
    {
        $sum = Zroute::call('plus', [1, 2, 3]);
        ['endpoints' => $endpoints, 'options' => $options] = $config->get('zroute.services.default');
        $client = Client::shared($endpoints, $options);
        return ['sum' => $sum, 'pid' => (int) getmypid(), 'calls' => $client->counters()['calls']];
    }
}
