<?php

use App\Http\Controllers\PageController;
use Illuminate\Support\Facades\Route;

Route::get('/', [PageController::class, 'sum']);
Route::get('/process', [PageController::class, 'process']);
