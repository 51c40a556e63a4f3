#include "measured_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* Room for the latencies: no round trip between two processes is shorter than 1 µs. */
    MOST_CALLS_A_MILLISECOND = 1000,
    /* With many calls in flight the clock is read once in so many answers. */
    ANSWERS_A_CLOCK_READING = 16
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static long number(const char *text, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end != 0 || value < 1 || value > most) {
        fprintf(stderr, "expected a number from 1 to %ld, got '%s'\n", most, text);
        exit(EXIT_FAILURE);
    }
    return value;
}

void measured_run_read(struct measured_run *run, int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s endpoint in-flight warm-up-ms measured-ms\n", argv[0]);
        exit(EXIT_FAILURE);
    }
    memset(run, 0, sizeof *run);
    run->endpoint = argv[1];
    run->window = (size_t)number(argv[2], 65536);
    run->warm_up = (int64_t)number(argv[3], 3600000) * 1000000;
    run->time = (int64_t)number(argv[4], 3600000) * 1000000;
    if (run->window == 1) {
        run->latency_room = (size_t)(run->time / 1000000) * MOST_CALLS_A_MILLISECOND;
        run->latencies = malloc(run->latency_room * sizeof *run->latencies);
        if (run->latencies == NULL) {
            fprintf(stderr, "no memory for the latencies\n");
            exit(EXIT_FAILURE);
        }
    }
}

void measured_run_start(struct measured_run *run)
{
    run->began = run->called = now();
}

bool measured_run_answered(struct measured_run *run, size_t answers)
{
    int64_t time;

    run->answers += answers;
    if (run->window > 1) {
        if (run->answers < run->clock_at) {
            return true;
        }
        run->clock_at = run->answers + ANSWERS_A_CLOCK_READING;
    }
    time = now();
    if (run->measuring) {
        if (run->latency_count < run->latency_room) {
            run->latencies[run->latency_count++] = time - run->called;
        }
        run->called = time;
        if (time - run->began < run->time) {
            return true;
        }
        run->time = time - run->began;
        return false;
    }
    if (time - run->began >= run->warm_up) {
        run->measuring = true;
        run->answers = run->clock_at = 0;
        puts("measuring");
        fflush(stdout);
        run->began = now();
    }
    run->called = now();
    return true;
}

void measured_run_report(struct measured_run *run)
{
    size_t index;

    printf("%" PRIu64 " %" PRId64 "\n", run->answers, run->time);
    fflush(stdout);
    /* This process has to live until its CPU clock has been read. */
    (void)getchar();
    for (index = 0; index < run->latency_count; index++) {
        printf("%" PRId64 "\n", run->latencies[index]);
    }
    free(run->latencies);
}
