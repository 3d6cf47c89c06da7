package dev.jiffy.engine;

/// The time of one step of a run.
///
/// @param name the node that it computes and the operator
/// @param nanos nanoseconds per run
public record StepTime(String name, double nanos) {}
