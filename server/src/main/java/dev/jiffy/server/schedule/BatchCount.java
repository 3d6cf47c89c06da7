package dev.jiffy.server.schedule;

/// The batches of one size that were computed.
///
/// @param rows the rows of each
/// @param count how many
/// @param nanos how long all of them took together
public record BatchCount(int rows, long count, long nanos) {}
