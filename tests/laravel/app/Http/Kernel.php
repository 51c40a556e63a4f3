<?php

declare(strict_types=1);

namespace App\Http;

final class Kernel extends \Illuminate\Foundation\Http\Kernel
{
}
