/// Running plans: the process's worker threads and the order of steps.
///
/// Nothing here allocates, locks or looks up names during a run.
package dev.jiffy.engine.run;
