<?php

use App\Http\Controllers\ShopController;
use App\Rpc\KeyRequired;
use App\Rpc\StateController;
use Illuminate\Contracts\Config\Repository;
use Zroute\Call;
use Zroute\Laravel\Facades\Rpc;

Rpc::procedure('plus', fn (array $data) => array_sum($data));
Rpc::procedure('name', fn (Repository $config) => $config->get('app.name'));
Rpc::procedure('price', [ShopController::class, 'price']);
Rpc::procedure('order', 'App\Http\Controllers\ShopController@order');
Rpc::procedure('fails', fn () => throw new RuntimeException('no tea today'));
Rpc::service('state', StateController::class);

Rpc::prefix('admin')->middleware(KeyRequired::class . ':open sesame')->group(function () {
    Rpc::procedure('raise', fn (int $by) => "raised by $by");
    Rpc::prefix('deep')->middleware(fn (Call $call, callable $next) => strtoupper($next($call)))->group(function () {
        Rpc::procedure('down', fn () => 'here')->middleware(fn (Call $call, callable $next) => "down {$next($call)}");
    });
});
