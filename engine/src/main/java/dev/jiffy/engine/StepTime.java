package dev.jiffy.engine;

/// The time of one step of a run.
///
/// @param name the node that it computes and, in parentheses, the operator
/// @param nanos nanoseconds per run
public record StepTime(String name, double nanos) {
  /// {@return the operator, which ends the name}
  public String operator() {
    int open = name.lastIndexOf('(');
    return open >= 0 && name.endsWith(")") ? name.substring(open + 1, name.length() - 1) : name;
  }
}
