/* What every client of the bench does with its time: it warms up, is measured, and
 * tells the bench, which reads the CPU clocks of both processes meanwhile.
 *
 * Arguments: endpoint, calls in flight, milliseconds of warm-up, milliseconds measured.
 * Output, a line each: "measuring"; then the answers and the nanoseconds they took; then,
 * after a byte or the end of its input, the nanoseconds of each call, if one was in
 * flight at a time. */
#ifndef MEASURED_RUN_H
#define MEASURED_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long one call may stay without an answer. */
enum { PATIENCE_MS = 5000 };

struct measured_run {
    const char *endpoint;
    size_t window;
    int64_t warm_up;
    int64_t time;
    bool measuring;
    /* When the warm-up or the measurement began. */
    int64_t began;
    /* When the call in flight was made; with one in flight that is the last answer. */
    int64_t called;
    uint64_t answers;
    uint64_t clock_at;
    int64_t *latencies;
    size_t latency_count;
    size_t latency_room;
};

/* Ends the program with a message when the arguments are not as above. */
void measured_run_read(struct measured_run *run, int argc, char **argv);

/* Call it right before the first calls. */
void measured_run_start(struct measured_run *run);

/* Counts answers. False when the time is over. */
bool measured_run_answered(struct measured_run *run, size_t answers);

/* Tells the bench what was measured. */
void measured_run_report(struct measured_run *run);

#endif
