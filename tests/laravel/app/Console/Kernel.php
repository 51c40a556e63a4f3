<?php

declare(strict_types=1);

namespace App\Console;

final class Kernel extends \Illuminate\Foundation\Console\Kernel
{
}
