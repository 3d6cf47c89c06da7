package dev.jiffy.server.schedule;

/// Where the time of one answer went.
///
/// @param queueNanos from when it was submitted until its computation began
/// @param computeNanos how long the model ran, for all that was computed together
/// @param batchRows how many rows were computed together, 0 where the answer was kept from before
public record Timing(long queueNanos, long computeNanos, int batchRows) {}
