<?php

declare(strict_types=1);

namespace App\Rpc;

use Illuminate\Auth\GenericUser;
use Illuminate\Contracts\Auth\Guard;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Support\Facades\App;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Lang;
use Illuminate\Support\Facades\Log;
use Illuminate\Support\Facades\Session;

/**
 * Leaves behind what a call can leave behind, and tells what it finds.
 */
final class StateController
{
    /** @var list<string> */
    private static array $terminated = [];

    public function __construct(private readonly Application $app, private readonly Guard $guard)
    {
    }

    public function leave(string $trace): void
    {
        $this->app->make(Visits::class)->count();
        DB::beginTransaction();
        DB::beginTransaction();
        Auth::setUser(new GenericUser(['id' => $trace]));
        $this->guard->setUser(new GenericUser(['id' => $trace]));
        // A guard of Laravel's would note there who has logged in.
        Session::put('login', $trace);
        App::setLocale('fr');
        DB::enableQueryLog();
        DB::select('select 1');
        DB::connection('replicated')->statement('create table if not exists written (trace text)');
        DB::connection('replicated')->insert('insert into written values (?)', [$trace]);
        if ($this->replicaIsRead()) {
            throw new \LogicException('what a call has written it reads where it has written it');
        }
        Log::withContext(['trace' => $trace]);
        $this->app->terminating(static function () use ($trace): void {
            self::$terminated[] = $trace;
        });
    }

    /**
     * Leaves the same, and gives what another call would find then.
     *
     * @return \Generator<array<string, mixed>|null>
     */
    public function leaveItemByItem(string $trace): \Generator
    {
        $this->leave("$trace 1");
        yield null;
        yield $this->app->make(self::class)->find();
        $this->leave("$trace 2");
    }

    /** @return array<string, mixed> */
    public function find(): array
    {
        Log::info('looked around');
        return [
            'visits' => $this->app->make(Visits::class)->count(),
            'transactions' => DB::transactionLevel(),
            'user' => Auth::id() ?? $this->guard->id(),
            'login' => Session::get('login'),
            'locale' => [App::getLocale(), Lang::getLocale()],
            'queries' => count(DB::getQueryLog()),
            'replica' => $this->replicaIsRead(),
            'terminated' => self::$terminated,
        ];
    }

    private function replicaIsRead(): bool
    {
        // Nothing is ever written there.
        return DB::connection('replicated')->select('select * from sqlite_master') === [];
    }
}
