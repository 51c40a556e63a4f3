<?php

use App\Http\Controllers\ShopController;
use App\Http\Controllers\SumController;
use App\Rpc\KeyRequired;
use App\Rpc\StateController;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Database\Eloquent\ModelNotFoundException;
use Zroute\Call;
use Zroute\Laravel\Facades\Rpc;

Rpc::procedure('plus', [SumController::class, 'plus']);
Rpc::procedure('name', fn (Repository $config) => $config->get('app.name'));
Rpc::procedure('price', [ShopController::class, 'price']);
Rpc::procedure('order', 'App\Http\Controllers\ShopController@order');
Rpc::procedure('fails', fn () => throw new RuntimeException('no tea today'));
Rpc::procedure('aborts', fn (int $status, string $why = '') => abort($status, $why));
Rpc::procedure('aborts.late', function () {
    yield 'tea';
    abort(418);
});
Rpc::procedure('fails.late', function () {
    yield 'tea';
    throw new RuntimeException('no cake today');
});
Rpc::procedure('finds', fn () => throw (new ModelNotFoundException())->setModel('Tea', [7]));
Rpc::procedure('responds', fn () => abort(response('no more', 410)));
Rpc::procedure('prints', function () {
    dump('a dump');
    echo "an echo\n";
    return 'printed';
});
Rpc::procedure('ends', fn () => dd('the end'));
Rpc::service('state', StateController::class);

Rpc::prefix('admin')->middleware(KeyRequired::class . ':open sesame')->group(function () {
    Rpc::procedure('raise', fn (int $by) => "raised by $by");
    Rpc::prefix('deep')->middleware(fn (Call $call, callable $next) => strtoupper($next($call)))->group(function () {
        Rpc::procedure('down', fn () => 'here')->middleware(fn (Call $call, callable $next) => "down {$next($call)}");
    });
});
