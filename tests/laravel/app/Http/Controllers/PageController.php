<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use Zroute\Laravel\Facades\Zroute;

final class PageController
{
    /** @return array{mixed, mixed} */
    public function sum(): array
    {
        return [Zroute::call('plus', [1, 2, 3]), Zroute::service('guarded')->call('admin.raise', [5])];
    }
}
