/**
 * Flags of V8 for processes that run tests. Each core runs a test file, so that threads beside it gain nothing: V8 collects garbage and
 * compiles in the test's own thread, and optimizes later what is often only run for one test. Six test files took 6 % less processor time
 * than with --single-threaded-gc. Typed arrays outside the heap make V8 begin to mark in steps again and again; whole collections took
 * 3 % less of 262 tests.
 */
export const NODE_FLAGS = ['--single-threaded', '--no-incremental-marking', '--interrupt-budget=400000'];
