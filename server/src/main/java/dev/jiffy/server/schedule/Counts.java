package dev.jiffy.server.schedule;

/// How many requests a model has had; at any moment `waiting + running = accepted - finished`.
///
/// @param accepted those that were taken
/// @param refused those that were not, as too much waited or their deadline could not be met
/// @param waiting those that wait
/// @param running those that are computed
/// @param done those that were answered
/// @param expired those that were dropped, as they would have been late
/// @param displaced those that had to make room for more urgent ones
/// @param cancelled those whose callers left before they were answered, or that were left when the
///   model went
/// @param failed those that were computed in vain: bad inputs and failures
public record Counts(
    long accepted,
    long refused,
    long waiting,
    long running,
    long done,
    long expired,
    long displaced,
    long cancelled,
    long failed) {
  /// {@return those that have ended after they were taken}
  public long finished() {
    return done + expired + displaced + cancelled + failed;
  }
}
